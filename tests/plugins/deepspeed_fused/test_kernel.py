"""Where DeepSpeed's kernel cannot be had: what is said about it, by the error, by `optim doctor`, and the fallback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial
from pathlib import Path

import pytest
import torch

from optim_deepspeed_fused.kernel.build_folder import LOCK_IS_STALE, building_alone, left_behind

WITHOUT_COMPILER = {"CXX": "no-such-compiler -O2"}
NO_COMPILER = "there is no C++ compiler, `no-such-compiler -O2`: apt-get install g++, or set CXX"


@pytest.fixture
def elsewhere(with_deepspeed, tmp_path):
    """Runs code in a process of its own that has no compiled kernel, with an environment changed."""
    return partial(run_without_kernel, with_deepspeed, tmp_path)


@pytest.fixture
def before_deepspeed(with_torch, tmp_path):
    """Runs code as `elsewhere` does where DeepSpeed is not imported yet."""
    return partial(run_without_kernel, with_torch, tmp_path)


def run_without_kernel(python, folder, code, cwd=None, **changes):
    environment = {"TORCH_EXTENSIONS_DIR": str(folder / "extensions"), **changes}
    return python.code(textwrap.dedent(code), cwd=cwd or folder, env=environment)


BUILD = """
    import torch
    from optim_core import PluginError, registry
    spec = registry.build({"type": "FusedAdam", "config": {"lr": 1e-3, "weight_decay": 0.1}})
    try:
        print(type(spec.create_optimizer(torch.nn.Linear(2, 2))).__qualname__)
    except PluginError as error:
        print(error.distribution, error)
"""


def test_a_missing_compiler_is_one_clear_error(elsewhere):
    """Building is a PluginError with the distribution, what is missing, and both ways out."""
    done = elsewhere(BUILD, **WITHOUT_COMPILER)

    assert 0 == done.returncode, done.stderr
    assert done.stdout.startswith(
        "optim-deepspeed-fused optim-deepspeed-fused 0.1.0 cannot have DeepSpeed's kernel of FusedAdam here: "
    )
    assert NO_COMPILER in done.stdout
    assert "or set `fallback: torch` for torch's fused Adam" in done.stdout
    assert 1 == done.stdout.count("\n")


def test_a_build_that_fails_is_shortened(elsewhere, tmp_path):
    """Of a compiler's output the lines that say what is wrong are shown, and neither its command nor a traceback."""
    compiler = tmp_path / "bad-c++"
    compiler.write_text(
        "#!/bin/sh\ncase $* in *--version|-dump*|-v) exec c++ $*;; esac\n"
        "echo noise\necho 'thing.cpp:7: fatal error: no such header' >&2\nexit 1\n"
    )
    compiler.chmod(0o755)
    done = elsewhere(BUILD, CXX=str(compiler))

    assert "loading or compiling it failed: " in done.stdout
    assert "thing.cpp:7: fatal error: no such header" in done.stdout
    assert "-isystem" not in done.stdout
    assert len(done.stdout) < 2500
    folder = tmp_path / "extensions" / "fused_adam"
    assert f"compiling DeepSpeed's fused_adam into {folder}, once: this takes minutes\n" in done.stderr


def test_a_compiler_that_is_no_command_is_named(elsewhere):
    """CXX with a quotation mark too many is the same error, by building and by the check."""
    code = BUILD + "    from optim_deepspeed_fused.fused_adam import FusedAdam\n    print(FusedAdam.check())\n"
    done = elsewhere(code, CXX='"g++')

    assert 0 == done.returncode, done.stderr
    assert 2 == done.stdout.count('CXX is `"g++`, which is no command (No closing quotation): set it to the compiler')


def test_a_lock_that_nobody_holds_is_named(elsewhere, tmp_path):
    """torch waits without end for the lock of a build that was killed; it is an error that names the file."""
    lock = tmp_path / "extensions" / "fused_adam" / "lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    os.utime(lock, (time.time() - LOCK_IS_STALE - 60,) * 2)
    done = elsewhere(BUILD)

    assert f"{lock} is left from a build that was killed, and would be waited for without end: rm {lock}" in done.stdout


def test_a_lock_that_becomes_stale_is_not_waited_for(tmp_path, caplog):
    """Who waits for the lock of a build that was killed a moment ago hears of it, and does not wait without end."""
    lock = tmp_path / "lock"
    lock.touch()
    os.utime(lock, (time.time() - LOCK_IS_STALE + 1,) * 2)
    with pytest.raises(TimeoutError) as error, building_alone(tmp_path):
        pytest.fail("nothing is compiled beside another build")

    assert left_behind(lock) == str(error.value)
    assert f"waiting for whoever compiles and has {lock}, until it is 15 minutes old" in caplog.messages
    assert lock.exists()


def test_who_waits_for_another_process_hears_of_it(tmp_path, caplog):
    """One at a time compiles: the second waits until the first is through, and says so."""
    code = """
        import pathlib, sys
        from optim_deepspeed_fused.kernel.build_folder import building_alone
        with building_alone(pathlib.Path(sys.argv[1])):
            print("compiling", flush=True)
            sys.stdin.readline()
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert "compiling\n" == first.stdout.readline()
        second = threading.Thread(target=_build_alone, args=(tmp_path,))
        second.start()
        while not caplog.messages:
            time.sleep(0.01)
        assert second.is_alive()
        first.communicate("\n")
        second.join()

    assert [f"waiting for the process that compiles in {tmp_path}"] == caplog.messages


def _build_alone(folder):
    with building_alone(folder):
        pass


def test_a_build_that_is_killed_does_not_stop_the_next(elsewhere, tmp_path):
    """Where a process is killed while it compiles, the next one compiles anew instead of waiting for its lock."""
    compiler = tmp_path / "slow-c++"
    started = tmp_path / "started"
    compiler.write_text(
        f"#!/bin/sh\ncase $* in *--version|-dump*|-v) exec c++ $*;; esac\necho $$ >> {started}\nexec sleep 300\n"
    )
    compiler.chmod(0o755)
    folder = tmp_path / "extensions" / "fused_adam"
    environment = {**os.environ, "TORCH_EXTENSIONS_DIR": str(folder.parent), "CXX": str(compiler)}
    code = textwrap.dedent(BUILD)
    killed = subprocess.Popen([sys.executable, "-c", code], env=environment, start_new_session=True)
    try:
        for _ in range(600):
            if started.exists():
                break
            time.sleep(0.1)
        # Another may be starting.
        time.sleep(0.5)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        # ninja starts compilers in process groups of their own.
        for compiling in started.read_text().split():
            os.kill(int(compiling), signal.SIGKILL)
    assert (folder / "lock").exists()
    compiler.write_text("#!/bin/sh\ncase $* in *--version|-dump*|-v) exec c++ $*;; esac\nexit 1\n")

    assert "loading or compiling it failed" in elsewhere(BUILD, CXX=str(compiler)).stdout
    assert not (folder / "lock").exists()


def test_a_folder_that_cannot_be_made_is_named(elsewhere, tmp_path):
    """Where the results cannot be kept, the variable to set is named."""
    (tmp_path / "extensions").write_text("a file\n")

    assert "set TORCH_EXTENSIONS_DIR to one that can" in elsewhere(BUILD).stdout


def test_ninja_is_found_where_pip_put_it(elsewhere):
    """Without the environment's scripts on PATH, ninja is no obstacle: only the compiler is missing."""
    done = elsewhere(BUILD, PATH="/nonexistent", CXX=None)

    assert "no C++ compiler, `c++`" in done.stdout
    assert "no `ninja`" not in done.stdout


def test_the_doctor_says_the_same_without_compiling(elsewhere, tmp_path):
    """`optim doctor` names what is missing for both plugins, and leaves nothing compiled behind."""
    done = elsewhere(
        """
        import sys
        from optim_core.cli import main
        sys.argv = ["optim", "doctor", "--format", "json"]
        main()
        """,
        OPTIM_CORE_ALLOW="optim-deepspeed-fused",
        **WITHOUT_COMPILER,
    )
    findings = {found["what"]: found for found in json.loads(done.stdout)["findings"]}

    assert 1 == done.returncode
    assert {"optimizer CPUAdam", "optimizer FusedAdam"} <= set(findings)
    assert "broken" == findings["optimizer FusedAdam"]["state"]
    assert NO_COMPILER in findings["optimizer FusedAdam"]["message"]
    assert [] == [file for file in (tmp_path / "extensions").rglob("*") if file.is_file()]


def test_the_doctor_finds_nothing_where_the_kernel_can_be_had(elsewhere):
    """With a compiler there is no obstacle."""
    code = """
        from optim_deepspeed_fused.fused_adam import FusedAdam
        from optim_deepspeed_fused.cpu_adam import CPUAdam
        print(FusedAdam.check(), CPUAdam.check())
        """

    assert "[] []\n" == elsewhere(code).stdout


def test_a_compiled_kernel_needs_no_compiler(elsewhere, make, weights, tmp_path):
    """Where the kernel was compiled before, a machine without a compiler takes it."""
    make("FusedAdam", weights(torch.float32))
    compiled, tools = Path(os.environ["TORCH_EXTENSIONS_DIR"], "fused_adam"), tmp_path / "tools"
    shutil.copytree(compiled, tmp_path / "extensions" / "fused_adam")
    tools.mkdir()
    for tool in ("sh", "uname", "which"):
        (tools / tool).symlink_to(shutil.which(tool))
    done = elsewhere(BUILD, PATH=str(tools))

    assert "FusedAdam\n" == done.stdout, done.stderr


@pytest.fixture
def compiled(make, weights, tmp_path):
    """A folder of the kernels as this environment has compiled them, which `elsewhere` takes."""
    make("FusedAdam", weights(torch.float32))
    folder = tmp_path / "extensions" / "fused_adam"
    shutil.copytree(Path(os.environ["TORCH_EXTENSIONS_DIR"], "fused_adam"), folder)
    return folder


CHECK = "from optim_deepspeed_fused.fused_adam import FusedAdam; print(*FusedAdam.check())"


def test_a_kernel_of_another_compiler_is_none(elsewhere, compiled):
    """With another CXX everything is compiled anew, so a compiler that is missing is missing."""
    assert "\n" == elsewhere(CHECK).stdout
    assert NO_COMPILER in elsewhere(CHECK, **WITHOUT_COMPILER).stdout


def test_a_kernel_of_another_environment_is_none(elsewhere, compiled):
    """What another torch's headers made, or one that was installed later, is compiled anew."""
    no_compiler = {"PATH": "/nonexistent", "CXX": None}
    assert "\n" == elsewhere(CHECK, **no_compiler).stdout

    plan, library = compiled / "build.ninja", compiled / "fused_adam.so"
    os.utime(library, (1e9, 1e9))
    assert "there is no C++ compiler, `c++`" in elsewhere(CHECK, **no_compiler).stdout
    os.utime(library)
    assert "\n" == elsewhere(CHECK, **no_compiler).stdout
    plan.write_text(plan.read_text().replace(str(Path(torch.__file__).parent), "/another/torch"))
    os.utime(library)
    assert "there is no C++ compiler, `c++`" in elsewhere(CHECK, **no_compiler).stdout


def test_a_kernel_that_is_cut_off_comes_with_the_repair(elsewhere, compiled):
    """torch takes a file that cannot be loaded for compiled, so what is to be removed is named."""
    library = compiled / "fused_adam.so"
    made = library.stat().st_mtime
    library.write_bytes(b"")
    os.utime(library, (made, made))

    assert f"file too short; rm -r {compiled}, and it is compiled anew; or set" in elsewhere(BUILD).stdout


@pytest.fixture
def of_toolkit(elsewhere, tmp_path):
    """What is said of a toolkit: of the file nvcc, and of the CUDA that torch was built with."""

    def ask(nvcc, wanted):
        code = f"""
            import torch.utils.cpp_extension
            torch.utils.cpp_extension.CUDA_HOME = {str(nvcc.parents[1])!r}  # a torch with CUDA finds it at its import
            from optim_deepspeed_fused.kernel.obstacles import of_toolkit
            print(*of_toolkit({wanted!r}))
        """
        return elsewhere(code).stdout.split("\n")[-2]

    return ask


@pytest.mark.parametrize(
    ("said", "wanted", "expected"),
    [
        (", release 13.0, V13.0.1", "13.0", None),
        (", release 12.1, V12.1.1", "12.9", None),
        (", release 13.0, V13.0.1", "13.2", "the CUDA toolkit is 13.0 and torch was built with CUDA 13.2"),
        (", release 12.4, V12.4.1", "13.0", "the CUDA toolkit is 12.4 and torch was built with CUDA 13.0"),
        ("", "13.0", "`nvcc -V` does not tell its version"),
    ],
)
def test_the_toolkit_is_compared_as_deepspeed_does(said, wanted, expected, of_toolkit, tmp_path):
    """Toolkits of one major version go together where DeepSpeed knows it, which it does for 12 and not for 13."""
    nvcc = tmp_path / "cuda" / "bin" / "nvcc"
    nvcc.parent.mkdir(parents=True)
    nvcc.write_text(f"#!/bin/sh\necho 'Cuda compilation tools{said}'\n")
    nvcc.chmod(0o755)
    repair = f": install the toolkit of CUDA {wanted} and set CUDA_HOME to its folder"

    assert (f"{expected}{repair}" if expected else "") == of_toolkit(nvcc, wanted)


def test_a_toolkit_without_nvcc_is_none(of_toolkit, tmp_path):
    """CUDA_HOME may be wrong."""
    assert "there is no CUDA toolkit (Unable to run" in of_toolkit(tmp_path / "bin" / "nvcc", "13.0")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a CUDA device")
def test_a_gpu_that_is_asked_for_and_not_there_is_found(before_deepspeed):
    """DS_ACCELERATOR=cuda on a machine without a GPU keeps FusedAdam from being built, not CPUAdam."""
    code = "from optim_deepspeed_fused.cpu_adam import CPUAdam; print(CPUAdam.check());" + CHECK
    done = before_deepspeed(code, DS_ACCELERATOR="cuda")
    expected = "DeepSpeed is to use a GPU, and torch finds none: make one visible, or unset DS_ACCELERATOR"

    assert f"[]\n{expected}\n" == done.stdout, done.stderr


def test_nothing_is_printed_and_no_state_is_changed(before_deepspeed):
    """Neither stream gets a word; dtype, threads, random state and logging stay as they are.

    Of environment variables DeepSpeed's import sets one, and torch's compiler another.
    """
    code = """
        import logging, os, torch
        from optim_core import registry
        model = torch.nn.Linear(2, 2)
        torch.optim.SGD(model.parameters(), lr=0.1)  # what torch itself sets up
        def state():
            return (torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state().tolist(),
                    torch.is_grad_enabled(), logging.getLogger().handlers[:], logging.getLogger().level, os.getcwd())
        before, environment = state(), dict(os.environ)
        for name in ("FusedAdam", "CPUAdam"):
            optimizer = registry.build({"type": name, "config": {"lr": 1e-3}}).create_optimizer(model)
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
        assert before[2] == state()[2] and before == state()
        changed = {key for key in os.environ if environment.get(key) != os.environ[key]}
        assert changed <= {"PYTORCH_NVML_BASED_CUDA_CHECK", "TORCHINDUCTOR_CACHE_DIR"}, changed
        assert set(environment) <= set(os.environ)
        """
    done = before_deepspeed(code, TORCH_EXTENSIONS_DIR=os.environ["TORCH_EXTENSIONS_DIR"])

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


FALLBACK = """
    import sys, torch, warnings
    from optim_core import registry
    config = {"lr": 1e-2, "betas": [0.8, 0.9], "eps": 1e-5, "weight_decay": 0.1, "fallback": "torch"}
    def create(**changes):
        spec = registry.build({"type": "FusedAdam", "config": config | changes})
        return spec.create_optimizer([torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2).half())])
    first, second, adam = create(), create(), create(adam_w_mode=False)
    keys = ("lr", "betas", "eps", "weight_decay", "fused")
    print(type(first).__name__, type(adam).__name__, [[group[key] for key in keys] for group in first.param_groups])
"""


def test_the_fallback_takes_torchs_fused_adam_and_says_so_once(elsewhere):
    """With `fallback: torch` it is torch's AdamW or Adam with the same numbers and groups, and one warning for each."""
    done = elsewhere(FALLBACK, **WITHOUT_COMPILER)
    numbers = [0.01, (0.8, 0.9), 1e-5, 0.1, True]

    assert f"AdamW Adam {[numbers, numbers]}\n" == done.stdout, done.stderr
    assert 1 == done.stderr.count("FallbackWarning: torch's fused AdamW takes the place of DeepSpeed's FusedAdam")
    assert 1 == done.stderr.count("FallbackWarning: torch's fused Adam takes the place of DeepSpeed's FusedAdam")
    assert NO_COMPILER in done.stderr
    # It is what was done.
    assert "or set `fallback" not in done.stderr


def test_the_fallback_is_not_taken_where_the_kernel_is_there(make, weights):
    """`fallback: torch` is about what is missing only."""
    assert (
        "optim_deepspeed_fused.live.fused_optimizer"
        == type(make("FusedAdam", weights(torch.float32), fallback="torch")).__module__
    )


def test_without_deepspeed_the_error_says_how_to_install_it(before_deepspeed, tmp_path):
    """A DeepSpeed that cannot be imported is named with the command that installs it."""
    broken = tmp_path / "path" / "deepspeed"
    broken.mkdir(parents=True)
    Path(broken / "__init__.py").write_text("import a_module_that_is_missing\n")
    done = before_deepspeed(BUILD, cwd=broken.parent)

    assert "DeepSpeed cannot be imported, ModuleNotFoundError: No module named 'a_module_that" in done.stdout
    assert "pip install 'optim-core[deepspeed]'" in done.stdout


def test_whatever_deepspeeds_import_raises_is_told(before_deepspeed, tmp_path):
    """It fails in other ways than by what is missing: by a variable, or by a version that does not fit."""
    broken = tmp_path / "path" / "deepspeed"
    broken.mkdir(parents=True)
    Path(broken / "__init__.py").write_text("import os\nos.no_such_function()\n")
    done = before_deepspeed(BUILD, cwd=broken.parent)

    assert (
        "DeepSpeed cannot be imported, AttributeError: module 'os' has no attribute 'no_such_function'" in done.stdout
    )
    assert 0 == before_deepspeed(FALLBACK, cwd=broken.parent).returncode


def test_the_processor_is_asked_for_its_name_once(weights, make):
    """DeepSpeed starts a process for it with each CPUAdam; what others ask afterwards is theirs again."""
    import cpuinfo

    from optim_deepspeed_fused.kernel import cpu_info

    theirs = cpuinfo.get_cpu_info
    vendors = {make("CPUAdam", weights(torch.float32)).cpu_vendor for _ in range(3)}

    assert 1 == cpu_info._ask.cache_info().misses
    assert 1 == len(vendors)
    assert theirs is cpuinfo.get_cpu_info
