"""The papers and the authors' code of the library's classes: those of its README, where that has them.

The docstrings of pytorch_optimizer 4.1.0 name none.
"""

from __future__ import annotations

from optim_pytorch_optimizer.formulas import FORMULAS

__all__ = ["SOURCES", "about"]

# Name of a class to the title of its paper, where that is, and the code of its authors, "" where there is none.
SOURCES: dict[str, tuple[str, str, str]] = {
    "A2Grad": (
        "Optimal Adaptive and Accelerated Stochastic Gradient Descent",
        "arXiv:1810.00553",
        "https://github.com/severilov/A2Grad_optimizer",
    ),
    "AccSGD": (
        "Accelerating Stochastic Gradient Descent For Least Squares Regression",
        "arXiv:1704.08227",
        "https://github.com/rahulkidambi/AccSGD",
    ),
    "AdaBelief": (
        "Adapting Step-sizes by the Belief in Observed Gradients",
        "arXiv:2010.07468",
        "https://github.com/juntang-zhuang/Adabelief-Optimizer",
    ),
    "AdaBound": (
        "Adaptive Gradient Methods with Dynamic Bound of Learning Rate",
        "https://openreview.net/forum?id=Bkg3g2R9FX",
        "https://github.com/Luolc/AdaBound/blob/master/adabound/adabound.py",
    ),
    "AdaDelta": ("An Adaptive Learning Rate Method", "arXiv:1212.5701", ""),
    "AdaFactor": (
        "Adaptive Learning Rates with Sublinear Memory Cost",
        "arXiv:1804.04235",
        "https://github.com/DeadAt0m/adafactor-pytorch",
    ),
    "AdaGC": ("Improving Training Stability for Large Language Model Pretraining", "arXiv:2502.11034", ""),
    "AdaGO": ("AdaGrad Meets Muon: Adaptive Stepsizes for Orthogonal Updates", "arXiv:2509.02981", ""),
    "AdaHessian": (
        "An Adaptive Second Order Optimizer for Machine Learning",
        "arXiv:2006.00719",
        "https://github.com/amirgholami/adahessian",
    ),
    "Adai": (
        "Disentangling the Effects of Adaptive Learning Rate and Momentum",
        "arXiv:2006.15815",
        "https://github.com/zeke-xie/adaptive-inertia-adai",
    ),
    "Adalite": ("Adalite optimizer", "https://github.com/VatsaDev/adalite", "https://github.com/VatsaDev/adalite"),
    "AdaMax": ("Adam: A Method for Stochastic Optimization", "arXiv:1412.6980", ""),
    "AdamC": ("Why Gradients Rapidly Increase Near the End of Training", "arXiv:2506.02285", ""),
    "AdamG": ("Towards Stability of Parameter-free Optimization", "arXiv:2405.04376", ""),
    "AdamMini": ("Use Fewer Learning Rates To Gain More", "arXiv:2406.16793", "https://github.com/zyushun/Adam-mini"),
    "AdaMod": (
        "An Adaptive and Momental Bound Method for Stochastic Learning",
        "arXiv:1910.12249",
        "https://github.com/lancopku/AdaMod",
    ),
    "AdamP": (
        "Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights",
        "arXiv:2006.08217",
        "https://github.com/clovaai/AdamP",
    ),
    "AdamS": (
        "Understanding and Scheduling Weight Decay",
        "arXiv:2011.11152",
        "https://github.com/zeke-xie/stable-weight-decay-regularization",
    ),
    "AdaMuon": ("Adaptive Muon Optimizer", "arXiv:2507.11005", ""),
    "AdamWSN": (
        "Subset-Norm and Subspace-Momentum: Faster Memory-Efficient Adaptive Optimization with Convergence Guarantees",
        "arXiv:2411.07120",
        "https://github.com/timmytonga/sn-sm",
    ),
    "Adan": (
        "Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models",
        "arXiv:2208.06677",
        "https://github.com/sail-sg/Adan",
    ),
    "AdaNorm": (
        "Adaptive Gradient Norm Correction based Optimizer for CNNs",
        "arXiv:2210.06364",
        "https://github.com/shivram1987/AdaNorm",
    ),
    "AdaPNM": (
        "Manipulating Stochastic Gradient Noise to Improve Generalization",
        "arXiv:2103.17182",
        "https://github.com/zeke-xie/Positive-Negative-Momentum",
    ),
    "AdaShift": (
        "Decorrelation and Convergence of Adaptive Learning Rate Methods",
        "arXiv:1810.00143",
        "https://github.com/MichaelKonobeev/adashift",
    ),
    "AdaSmooth": ("An Adaptive Learning Rate Method based on Effective Ratio", "arXiv:2204.00825", ""),
    "AdaTAM": ("Torque-Aware Momentum", "arXiv:2412.18790", ""),
    "AdEMAMix": ("Better, Faster, Older", "arXiv:2409.03137", "https://github.com/nanowell/AdEMAMix-Optimizer-Pytorch"),
    "ADOPT": (
        "Modified Adam Can Converge with Any β2 with the Optimal Rate",
        "arXiv:2411.02853",
        "https://github.com/iShohei220/adopt",
    ),
    "AggMo": (
        "Aggregated Momentum: Stability Through Passive Damping",
        "arXiv:1804.00325",
        "https://github.com/AtheMathmo/AggMo",
    ),
    "Aida": (
        "A DNN Optimizer that Improves over AdaBelief by Suppression of the Adaptive Stepsize Range",
        "arXiv:2203.13273",
        "https://github.com/guoqiang-zhang-x/Aida-Optimizer",
    ),
    "Alice": (
        "Towards Efficient Optimizer Design for LLM via Structured Fisher Approximation with a Low-Rank Extension",
        "arXiv:2502.07752",
        "",
    ),
    "AliG": (
        "Adaptive Learning Rates for Interpolation with Gradients",
        "arXiv:1906.05661",
        "https://github.com/oval-group/ali-g",
    ),
    "Amos": (
        "An Adam-style Optimizer with Adaptive Weight Decay towards Model-Oriented Scale",
        "arXiv:2210.11693",
        "https://github.com/google-research/jestimator",
    ),
    "Ano": ("Faster is Better in Noisy Landscape", "arXiv:2508.18258", "https://github.com/Adrienkgz/ano-optimizer"),
    "APOLLO": ("SGD-like Memory, AdamW-level Performance", "arXiv:2412.05270", "https://github.com/zhuhanqing/APOLLO"),
    "ApolloDQN": (
        "Apollo: An Adaptive Parameter-wise Diagonal Quasi-Newton Method for Nonconvex Stochastic Optimization",
        "arXiv:2009.13586",
        "https://github.com/XuezheMax/apollo",
    ),
    "ASGD": (
        "Adaptive Gradient Descent without Descent",
        "arXiv:1910.09529",
        "https://github.com/ymalitsky/adaptive_GD",
    ),
    "AvaGrad": (
        "Domain-independent Dominance of Adaptive Methods",
        "arXiv:1912.01823",
        "https://github.com/lolemacs/avagrad",
    ),
    "BCOS": (
        "Stochastic Approximation with Block Coordinate Optimal Stepsizes",
        "arXiv:2507.08963",
        "https://github.com/facebookresearch/bcos",
    ),
    "BSAM": (
        "SAM as an Optimal Relaxation of Bayes",
        "arXiv:2210.01620",
        "https://github.com/team-approx-bayes/bayesian-sam",
    ),
    "CAME": (
        "Confidence-guided Adaptive Memory Efficient Optimization",
        "https://aclanthology.org/2023.acl-long.243/",
        "https://github.com/huawei-noah/Pretrained-Language-Model/tree/master/CAME",
    ),
    "Conda": (
        "Column-Normalized Adam for Training Large Language Models Faster",
        "arXiv:2509.24218",
        "https://github.com/jie040109/Conda",
    ),
    "DAdaptAdaGrad": (
        "Learning-Rate-Free Learning by D-Adaptation",
        "arXiv:2301.07733",
        "https://github.com/facebookresearch/dadaptation",
    ),
    "DAdaptAdam": (
        "Learning-Rate-Free Learning by D-Adaptation",
        "arXiv:2301.07733",
        "https://github.com/facebookresearch/dadaptation",
    ),
    "DAdaptAdan": (
        "Learning-Rate-Free Learning by D-Adaptation",
        "arXiv:2301.07733",
        "https://github.com/facebookresearch/dadaptation",
    ),
    "DAdaptLion": (
        "Learning-Rate-Free Learning by D-Adaptation",
        "arXiv:2301.07733",
        "https://github.com/facebookresearch/dadaptation",
    ),
    "DAdaptSGD": (
        "Learning-Rate-Free Learning by D-Adaptation",
        "arXiv:2301.07733",
        "https://github.com/facebookresearch/dadaptation",
    ),
    "DASH": (
        "Faster Shampoo via Batched Block Preconditioning and Efficient Inverse-Root Solvers",
        "arXiv:2602.02016",
        "https://github.com/IST-DASLab/ISTA-DASLab-Optimizers",
    ),
    "DeMo": ("Decoupled Momentum Optimization", "arXiv:2411.19870", "https://github.com/bloc97/DeMo"),
    "DiffGrad": (
        "An Optimization Method for Convolutional Neural Networks",
        "arXiv:1909.11015",
        "https://github.com/shivram1987/diffGrad",
    ),
    "DistributedMuon": (
        "MomentUm Orthogonalized by Newton-schulz",
        "https://kellerjordan.github.io/posts/muon/",
        "https://github.com/KellerJordan/Muon",
    ),
    "DualAdam": (
        "Combining Adam and its Inverse Counterpart to Enhance Generalization of Deep Learning Optimizers",
        "arXiv:2603.07122",
        "https://github.com/LongJin-lab/DualAdam",
    ),
    "EmoFact": ("EmoNavi", "https://github.com/muooon/EmoNavi", ""),
    "EmoLynx": ("EmoNavi", "https://github.com/muooon/EmoNavi", ""),
    "EmoNavi": ("EmoNavi", "https://github.com/muooon/EmoNavi", ""),
    "EXAdam": ("The Power of Adaptive Cross-Moments", "arXiv:2412.20302", "https://github.com/AhmedMostafa16/EXAdam"),
    "FAdam": (
        "Adam is a natural gradient optimizer using diagonal empirical Fisher information",
        "arXiv:2405.12807",
        "https://github.com/lessw2020/fadam_pytorch",
    ),
    "Fira": (
        "Can We Achieve Full-rank Training of LLMs Under Low-rank Constraint?",
        "arXiv:2410.01623",
        "https://github.com/xichen-fy/Fira",
    ),
    "FlashAdamW": (
        "FlashOptim: Optimizers for Memory-Efficient Training",
        "arXiv:2602.23349",
        "https://github.com/databricks/flashoptim",
    ),
    "FOCUS": ("First Order Concentrated Updating Scheme", "arXiv:2501.12243", "https://github.com/liuyz0/FOCUS"),
    "Fromage": (
        "On the distance between two neural networks and the stability of learning",
        "arXiv:2002.03432",
        "https://github.com/jxbz/fromage",
    ),
    "FTRL": (
        "Follow The Regularized Leader",
        "https://static.googleusercontent.com/media/research.google.com/en//pubs/archive/41159.pdf",
        "",
    ),
    "GaLore": (
        "Memory-Efficient LLM Training by Gradient Low-Rank Projection",
        "arXiv:2403.03507",
        "https://github.com/jiaweizzhao/GaLore",
    ),
    "Grams": ("Gradient Descent with Adaptive Momentum Scaling", "arXiv:2412.17107", ""),
    "Gravity": (
        "a Kinematic Approach on Optimization in Deep Learning",
        "arXiv:2101.09192",
        "https://github.com/dariush-bahrami/gravity.optimizer",
    ),
    "GrokFastAdamW": (
        "Accelerated Grokking by Amplifying Slow Gradients",
        "arXiv:2405.20233",
        "https://github.com/ironjr/grokfast",
    ),
    "Kate": (
        "Remove that Square Root: A New Efficient Scale-Invariant Version of AdaGrad",
        "arXiv:2403.02648",
        "https://github.com/nazya/KATE",
    ),
    "Kron": (
        "Preconditioned Stochastic Gradient Descent",
        "arXiv:1512.04202",
        "https://github.com/lixilinx/psgd_torch",
    ),
    "Lamb": (
        "Large Batch Optimization for Deep Learning",
        "arXiv:1904.00962",
        "https://github.com/cybertronai/pytorch-lamb",
    ),
    "LaProp": (
        "Separating Momentum and Adaptivity in Adam",
        "arXiv:2002.04839",
        "https://github.com/Z-T-WANG/LaProp-Optimizer",
    ),
    "LARS": ("Large Batch Training of Convolutional Networks", "arXiv:1708.03888", ""),
    "Lion": (
        "Symbolic Discovery of Optimization Algorithms",
        "arXiv:2302.06675",
        "https://github.com/google/automl/tree/master/lion",
    ),
    "LoRARite": (
        "LoRA Done RITE: Robust Invariant Transformation Equilibration for LoRA Optimization",
        "arXiv:2410.20625",
        "https://github.com/gkevinyen5418/LoRA-RITE",
    ),
    "MADGRAD": (
        "A Momentumized, Adaptive, Dual Averaged Gradient Method for Stochastic",
        "arXiv:2101.11075",
        "https://github.com/facebookresearch/madgrad",
    ),
    "MARS": (
        "Unleashing the Power of Variance Reduction for Training Large Models",
        "arXiv:2411.10438",
        "https://github.com/AGI-Arena/MARS",
    ),
    "MSVAG": (
        "Dissecting Adam: The Sign, Magnitude and Variance of Stochastic Gradients",
        "arXiv:1705.07774",
        "https://github.com/lballes/msvag",
    ),
    "Muon": (
        "MomentUm Orthogonalized by Newton-schulz",
        "https://kellerjordan.github.io/posts/muon/",
        "https://github.com/KellerJordan/Muon",
    ),
    "Nero": (
        "Learning by Turning: Neural Architecture Aware Optimisation",
        "arXiv:2102.07227",
        "https://github.com/jxbz/nero",
    ),
    "NorMuon": (
        "NorMuon: Making Muon more efficient and scalable",
        "arXiv:2510.05491",
        "https://github.com/zichongli5/NorMuon",
    ),
    "NovoGrad": (
        "Stochastic Gradient Methods with Layer-wise Adaptive Moments for Training of Deep Networks",
        "arXiv:1905.11286",
        "https://github.com/lonePatient/NovoGrad-pytorch",
    ),
    "PAdam": (
        "Closing the Generalization Gap of Adaptive Gradient Methods in Training Deep Neural Networks",
        "arXiv:1806.06763",
        "https://github.com/uclaml/Padam",
    ),
    "PID": (
        "A PID Controller Approach for Stochastic Optimization of Deep Networks",
        "http://www4.comp.polyu.edu.hk/~cslzhang/paper/CVPR18_PID.pdf",
        "https://github.com/tensorboy/PIDOptimizer",
    ),
    "PNM": (
        "Manipulating Stochastic Gradient Noise to Improve Generalization",
        "arXiv:2103.17182",
        "https://github.com/zeke-xie/Positive-Negative-Momentum",
    ),
    "Prodigy": (
        "An Expeditiously Adaptive Parameter-Free Learner",
        "arXiv:2306.06101",
        "https://github.com/konstmish/prodigy",
    ),
    "QHAdam": (
        "Quasi-hyperbolic momentum and Adam for deep learning",
        "arXiv:1810.06801",
        "https://github.com/facebookresearch/qhoptim",
    ),
    "QHM": (
        "Quasi-hyperbolic momentum and Adam for deep learning",
        "arXiv:1810.06801",
        "https://github.com/facebookresearch/qhoptim",
    ),
    "RACS": (
        "Towards Efficient Optimizer Design for LLM via Structured Fisher Approximation with a Low-Rank Extension",
        "arXiv:2502.07752",
        "",
    ),
    "RAdam": (
        "On the Variance of the Adaptive Learning Rate and Beyond",
        "arXiv:1908.03265",
        "https://github.com/LiyuanLucasLiu/RAdam",
    ),
    "Ranger": (
        "a synergistic optimizer combining RAdam and LookAhead, and now GC in one optimizer",
        "https://bit.ly/3zyspC3",
        "https://github.com/lessw2020/Ranger-Deep-Learning-Optimizer",
    ),
    "Ranger21": ("a synergistic deep learning optimizer", "arXiv:2106.13731", "https://github.com/lessw2020/Ranger21"),
    "ROSE": (
        "Stateless optimization through range-normalized gradient updates",
        "https://github.com/MatthewK78/Rose#-citation",
        "https://github.com/MatthewK78/Rose",
    ),
    "SaRA": (
        "High-Efficient Diffusion Model Fine-tuning with Progressive Sparse Low-Rank Adaptation",
        "arXiv:2409.06633",
        "https://github.com/sjtuplayer/SaRA",
    ),
    "ScalableShampoo": (
        "Preconditioned Stochastic Tensor Optimization",
        "arXiv:1802.09568",
        "https://github.com/moskomule/shampoo.pytorch",
    ),
    "ScheduleFreeAdamW": (
        "Schedule-Free Optimizers",
        "https://github.com/facebookresearch/schedule_free",
        "https://github.com/facebookresearch/schedule_free",
    ),
    "ScheduleFreeRAdam": (
        "Schedule-Free Optimizers",
        "https://github.com/facebookresearch/schedule_free",
        "https://github.com/facebookresearch/schedule_free",
    ),
    "ScheduleFreeSGD": (
        "Schedule-Free Optimizers",
        "https://github.com/facebookresearch/schedule_free",
        "https://github.com/facebookresearch/schedule_free",
    ),
    "SCION": (
        "Training Deep Learning Models with Norm-Constrained LMOs",
        "arXiv:2502.07529",
        "https://github.com/LIONS-EPFL/scion",
    ),
    "SCIONLight": (
        "Training Deep Learning Models with Norm-Constrained LMOs",
        "arXiv:2502.07529",
        "https://github.com/LIONS-EPFL/scion",
    ),
    "SGDP": (
        "Slowing Down the Slowdown for Momentum Optimizers on Scale-invariant Weights",
        "arXiv:2006.08217",
        "https://github.com/clovaai/AdamP",
    ),
    "SGDSaI": (
        "No More Adam: Learning Rate Scaling at Initialization is All You Need",
        "arXiv:2411.10438",
        "https://github.com/AnonymousAlethiometer/SGD_SaI",
    ),
    "SGDW": ("Decoupled Weight Decay Regularization", "arXiv:1711.05101", "https://github.com/loshchil/AdamW-and-SGDW"),
    "Shampoo": (
        "Preconditioned Stochastic Tensor Optimization",
        "arXiv:1802.09568",
        "https://github.com/moskomule/shampoo.pytorch",
    ),
    "SignSGD": (
        "Compressed Optimisation for Non-Convex Problems",
        "arXiv:1802.04434",
        "https://github.com/jxbz/signSGD",
    ),
    "SimplifiedAdEMAMix": (
        "Connections between Schedule-Free Optimizers, AdEMAMix, and Accelerated SGD Variants",
        "arXiv:2502.02431",
        "https://github.com/DepenM/Simplified-AdEMAMix/",
    ),
    "SM3": (
        "Memory-Efficient Adaptive Optimization",
        "arXiv:1901.11150",
        "https://github.com/google-research/google-research/tree/master/sm3",
    ),
    "SOAP": ("Improving and Stabilizing Shampoo using Adam", "arXiv:2409.11321", "https://github.com/nikhilvyas/SOAP"),
    "SophiaH": (
        "A Scalable Stochastic Second-order Optimizer for Language Model Pre-training",
        "arXiv:2305.14342",
        "https://github.com/Liuhong99/Sophia",
    ),
    "SPAM": (
        "Spike-Aware Adam with Momentum Reset for Stable LLM Training",
        "arXiv:2501.06842",
        "https://github.com/TianjinYellow/SPAM-Optimizer",
    ),
    "SpectralSphere": (
        "Controlled LLM Training on Spectral Sphere",
        "arXiv:2601.08393",
        "https://github.com/Unakar/Spectral-Sphere-Optimizer",
    ),
    "SPlus": (
        "A Stable Whitening Optimizer for Efficient Neural Network Training",
        "arXiv:2506.07254",
        "https://github.com/kvfrans/splus",
    ),
    "SRMM": (
        "Stochastic regularized majorization-minimization with weakly convex and multi-convex surrogates",
        "arXiv:2201.01652",
        "https://github.com/HanbaekLyu/SRMM",
    ),
    "StableAdamW": ("Stable and low-precision training for large-scale vision-language models", "arXiv:2304.13013", ""),
    "StableSPAM": (
        "How to Train in 4-Bit More Stably than 16-Bit Adam",
        "arXiv:2502.17055",
        "https://github.com/TianjinYellow/StableSPAM",
    ),
    "SWATS": ("Improving Generalization Performance by Switching from Adam to SGD", "arXiv:1712.07628", ""),
    "TAM": ("Torque-Aware Momentum", "arXiv:2412.18790", ""),
    "Tiger": (
        "A Tight-fisted Optimizer, an optimizer that is extremely budget-conscious",
        "https://github.com/bojone/tiger/blob/main/README_en.md#citation",
        "https://github.com/bojone/tiger",
    ),
    "VSGD": (
        "Variational Stochastic Gradient Descent for Deep Neural Networks",
        "https://openreview.net/forum?id=xu4ATNjcdy",
        "https://github.com/generativeai-tue/vsgd",
    ),
    "Yogi": (
        "Adaptive Methods for Nonconvex Optimization",
        "https://papers.nips.cc/paper/8186-adaptive-methods-for-nonconvex-optimization",
        "",
    ),
}


def about(name: str) -> str:
    """Return what the docstring of the plugin class `name` says below its first line; "" where nothing is known."""
    if name not in SOURCES:
        return ""
    title, paper, code = SOURCES[name]
    where = paper if code in ("", paper) else f"{paper}; {code}"
    if name not in FORMULAS:
        return f"{title}: {where}"
    formula = FORMULAS[name].replace("\n", "\n    ")
    return f"{title}: {where}\n\nThe formula is that of the paper; some fields add to it.\n\nFormula:\n    {formula}"
