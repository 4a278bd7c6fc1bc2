"""Files: wrong indentation, what a merge or a chat leaves behind, and the other syntax's habits."""

from __future__ import annotations

from wrong import WrongFile

__all__ = ["FILES"]

FILES = [
    WrongFile(
        "a tab before a key",
        "train.yaml",
        ("optimizer:\n\ttype: AdamW\n"),
        [(2, 1, "", "is not YAML: found character that cannot start any token")],
        "here stands a tab: YAML is indented with spaces",
    ),
    WrongFile(
        "a tab after spaces",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  \tconfig: {lr: 1e-3}\n"),
        [(3, 3, "", "is not YAML: found a tab character that violates indentation")],
        "here stands a tab: YAML is indented with spaces",
    ),
    WrongFile(
        "a key one space too far to the left",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n config:\n    lr: 1e-3\n"),
        [(3, 2, "", "is not YAML: did not find expected key")],
        "line 3 is indented less than line 2: keys of one mapping begin in one column",
    ),
    WrongFile(
        "a key one space too far to the right",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n   config: {lr: 1e-3}\n"),
        [(3, 10, "", "is not YAML: mapping values are not allowed in this context")],
        "line 3 is indented more than line 2: keys of one mapping begin in one column",
    ),
    WrongFile(
        "config at the left margin",
        "train.yaml",
        ("optimizer:\n  type: AdamW\nconfig:\n  lr: 1e-3\n"),
        [(3, 1, "config", "unknown key")],
    ),
    WrongFile(
        "the fields of config not indented",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n  lr: 1e-3\n"),
        [(4, 3, "optimizer.lr", "unknown key")],
        "it is a field of AdamW: move it into `config`",
    ),
    WrongFile(
        "the scheduler indented into the optimizer",
        "train.yaml",
        (
            "optimizer:\n"
            "  type: AdamW\n"
            "  config:\n"
            "    lr: 1e-3\n"
            "  scheduler:\n"
            "    type: StepLR\n"
            "    config: {step_size: 30}\n"
        ),
        [(5, 3, "optimizer.scheduler", "unknown key")],
        "`scheduler` belongs beside the optimizer, not in it",
    ),
    WrongFile(
        "no space after a colon",
        "train.yaml",
        ("optimizer:\n  type:AdamW\n  config:\n    lr: 1e-3\n"),
        [(3, 9, "", "is not YAML: mapping values are not allowed in this context")],
        "line 2 has no space after its `:`",
    ),
    WrongFile(
        "no space after the last colon",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  lr:1e-3\n"),
        [(4, 1, "", "is not YAML: could not find expected ':'")],
        "line 3 has no space after its `:`",
    ),
    WrongFile(
        "an equals sign for a colon",
        "train.yaml",
        ("optimizer:\n  type = AdamW\n  lr = 1e-3\n"),
        [(1, 1, "optimizer", "no optimizer is called `type = AdamW lr = 1e-3`")],
        "YAML writes `type: AdamW`, with a colon and a space",
    ),
    WrongFile(
        "a colon that is missing",
        "train.yaml",
        ("optimizer\n  type: AdamW\n"),
        [(2, 7, "", "is not YAML: mapping values are not allowed in this context")],
        "line 1 has no `:` after its key",
    ),
    WrongFile(
        "a bracket that is not closed",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config: {lr: 1e-3, betas: [0.9, 0.95}\nscheduler:\n  type: StepLR\n"),
        [(3, 39, "", "is not YAML: did not find expected ',' or ']'")],
        "the `[` of line 3, column 29, is not closed before this",
    ),
    WrongFile(
        "a brace that is not closed",
        "train.yaml",
        ("optimizer: {type: AdamW, config: {lr: 1e-3}\nscheduler: {type: StepLR}\n"),
        [(2, 1, "", "is not YAML: did not find expected ',' or '}'")],
        "the `{` of line 1, column 12, is not closed before this",
    ),
    WrongFile(
        "a quote that is not closed",
        "train.yaml",
        ('optimizer:\n  type: "AdamW\n  config:\n    lr: 1e-3\n'),
        [(2, 9, "", "is not YAML: a quote is opened here and not closed")],
    ),
    WrongFile(
        "curly quotes from a chat",
        "train.yaml",
        ("optimizer:\n  type: “AdamW”\n"),
        [(2, 3, "optimizer.type", "no optimizer is called `“AdamW”`")],
        "`“` in it is LEFT DOUBLE QUOTATION MARK; did you mean `AdamW`",
    ),
    WrongFile(
        "a long dash from a chat",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n    lr: 1e–4\n"),
        [(4, 5, "optimizer.config.lr", "must be a number, is the text '1e–4'")],
        "write 1e-4, with the `-` of the keyboard",
    ),
    WrongFile(
        "a no-break space before a value",
        "train.yaml",
        ("optimizer:\n  type:\u00a0AdamW\n"),
        [(1, 1, "optimizer", "no optimizer is called `type:\\xa0AdamW`")],
        "YAML writes `type: AdamW`, with a colon and a space",
    ),
    WrongFile(
        "a no-break space as indentation",
        "train.yaml",
        ("optimizer:\n\u00a0\u00a0type: AdamW\n"),
        [(2, 1, "", "a no-break space is no space to YAML, but part of the key")],
        "replace it by a space that you type",
    ),
    WrongFile(
        "a merge conflict",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n<<<<<<< HEAD\n    lr: 1e-3\n=======\n    lr: 3e-4\n>>>>>>> main\n"),
        [(4, 1, "", "holds a merge conflict")],
        "keep one side, and take the lines with <<<, === and >>> out",
    ),
    WrongFile(
        "a diff",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n-  lr: 1e-3\n+  lr: 3e-4\n"),
        [(3, 1, "", "is not YAML: did not find expected key")],
        "line 3 is indented less than line 2: keys of one mapping begin in one column",
    ),
    WrongFile(
        "a key twice, after a merge",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n    lr: 1e-3\n    weight_decay: 0.1\n    lr: 3e-4\n"),
        [(6, 5, "", "the key `lr` stands twice in one mapping")],
        "keep one of them",
    ),
    WrongFile(
        "a section twice",
        "train.yaml",
        ("optimizer: {type: AdamW}\nscheduler: {type: StepLR, step_size: 30}\noptimizer: {type: SGD}\n"),
        [(3, 1, "", "the key `optimizer` stands twice in one mapping")],
        "keep one of them",
    ),
    WrongFile(
        "a field of a merged mapping",
        "train.yaml",
        ("base: &base\n  lr: 1e-3\n  bets: [0.9, 0.99]\noptimizer:\n  type: AdamW\n  config:\n    <<: *base\n"),
        [(3, 3, "optimizer.config.bets", "unknown key")],
    ),
    WrongFile(
        "a merge of what is no mapping",
        "train.yaml",
        ("rate: &rate 1e-3\noptimizer:\n  type: AdamW\n  config:\n    <<: *rate\n"),
        [(1, 7, "", "`<<` merges mappings, and this is none")],
    ),
    WrongFile(
        "an anchor that is not there",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config: *base\n"),
        [(3, 11, "", "is not YAML: found undefined alias")],
        "there is no `&base` before this `*base`",
    ),
    WrongFile(
        "a tag of Python",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n    betas: !!python/tuple [0.9, 0.95]\n"),
        [(4, 12, "", "has the tag `!!python/tuple`")],
        "a config holds plain values only: numbers, texts, lists [a, b] and mappings {key: value}",
    ),
    WrongFile(
        "an object of Python",
        "train.yaml",
        ("optimizer: !!python/object/apply:torch.optim.AdamW [lr: 1]\n"),
        [(1, 12, "", "has the tag `!!python/object/apply:torch.optim.AdamW`")],
        "a config holds plain values only: numbers, texts, lists [a, b] and mappings {key: value}",
    ),
    WrongFile(
        "an include",
        "train.yaml",
        ("optimizer: !include adamw.yaml\n"),
        [(1, 12, "", "has the tag `!include`")],
        "a config holds plain values only: numbers, texts, lists [a, b] and mappings {key: value}",
    ),
    WrongFile(
        "a list by mistake",
        "train.yaml",
        ("- optimizer:\n    type: AdamW\n- scheduler:\n    type: StepLR\n"),
        [(1, 1, "", "a config is a mapping, this is a list of 2")],
        "write it without the brackets around it: in YAML, without the `-`",
    ),
    WrongFile(
        "the fields as a list",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n    - lr: 1e-3\n    - weight_decay: 0.1\n"),
        [(3, 3, "optimizer.config", "must be a mapping of AdamW's fields, is a list of 2")],
        "write its keys in one mapping: in YAML, without `-` before them",
    ),
    WrongFile(
        "a dash in front of the optimizer",
        "train.yaml",
        ("optimizer:\n  - type: AdamW\n    config: {lr: 1e-3}\n"),
        [(1, 1, "optimizer", "must be a mapping with `type`, is a list of 1")],
        "write it without the brackets around it: in YAML, without the `-`",
    ),
    WrongFile(
        "two documents",
        "train.yaml",
        ("optimizer: {type: AdamW}\n---\nscheduler: {type: StepLR}\n"),
        [(2, 1, "", "holds several documents")],
        "a config is one: take out all but one, and the `---` between them",
    ),
    WrongFile(
        "a text only",
        "train.yaml",
        ("AdamW\n"),
        [(1, 1, "", "a config is a mapping, this is the text 'AdamW'")],
        "write optimizer: {type: AdamW}",
    ),
    WrongFile(
        "comments only", "train.yaml", ("# optimizer: AdamW\n# lr: 1e-3\n"), [(1, 1, "", "holds nothing but comments")]
    ),
    WrongFile(
        "an empty file",
        "train.yaml",
        "",
        [(None, None, "", "is empty")],
        "an optimizer is `optimizer: {type: AdamW, config: {lr: 1e-3}}`",
    ),
    WrongFile(
        "spaces only",
        "train.yaml",
        ("  \n\n"),
        [(None, None, "", "is empty")],
        "an optimizer is `optimizer: {type: AdamW, config: {lr: 1e-3}}`",
    ),
    WrongFile(
        "an empty section",
        "train.yaml",
        ("optimizer:\nscheduler:\n  type: StepLR\n  config: {step_size: 30}\n"),
        [(1, 1, "optimizer", "must be a mapping with `type`, is null")],
        "its `type` and `config` stand below it, indented; for example {type: AdamW, config: {lr: 1e-3}}",
    ),
    WrongFile(
        "a config that is commented out",
        "train.yaml",
        ("optimizer:\n  type:\n  # type: AdamW\n  config:\n    lr: 1e-3\n"),
        [(2, 3, "optimizer.type", "must be the name of a plugin, is null")],
    ),
    WrongFile(
        "a number as a key",
        "train.yaml",
        ("optimizer_configs:\n  1: {type: AdamW}\n  2: {type: AdamW}\n"),
        [(2, 3, "", "a key must be a text, `1` is not")],
        "put it in quotes: '1'",
    ),
    WrongFile(
        "yes as YAML 1.1 has it",
        "train.yaml",
        ("optimizer:\n  type: SGD\n  config:\n    lr: 0.1\n    momentum: 0.9\n    nesterov: yes\n"),
        [(6, 5, "optimizer.config.nesterov", "must be true or false, is the text 'yes'")],
        "write true",
    ),
    WrongFile(
        "None as Python has it",
        "train.yaml",
        ("optimizer:\n  type: LBFGS\n  config:\n    max_eval: None\n"),
        [(4, 5, "optimizer.config.max_eval", "must be a whole number or null, is the text 'None'")],
        "write null",
    ),
    WrongFile(
        "Python's True is fine, and the rest is not",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n    amsgrad: True\n    lr: 1,000\n    betas: (0.9, 0.95)\n"),
        [
            (5, 5, "optimizer.config.lr", "must be a number, is the text '1,000'"),
            (6, 5, "optimizer.config.betas", "must be a list of 2 numbers, is the text '(0.9, 0.95)'"),
        ],
        "write 1000",
    ),
    WrongFile(
        "a percentage",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n    weight_decay: 10%\n"),
        [(4, 5, "optimizer.config.weight_decay", "must be a number, is the text '10%'")],
        "write 0.1",
    ),
    WrongFile(
        "an at sign",
        "train.yaml",
        ("optimizer:\n  type: @AdamW\n"),
        [(2, 9, "", "is not YAML: found character that cannot start any token")],
        "put a value that begins with `@` in quotes",
    ),
    WrongFile(
        "a backtick",
        "train.yaml",
        ("optimizer:\n  type: `AdamW`\n"),
        [(2, 9, "", "is not YAML: found character that cannot start any token")],
        "put a value that begins with a backtick in quotes",
    ),
    WrongFile(
        "a percent sign at the start of a value",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  lr: %lr\n"),
        [(3, 7, "", "is not YAML: found character that cannot start any token")],
        "put a value that begins with `%` in quotes",
    ),
    WrongFile(
        "a colon in a plain value",
        "train.yaml",
        ("optimizer:\n  type: optim-torch-builtin: AdamW\n"),
        [(2, 28, "", "is not YAML: mapping values are not allowed in this context")],
        "line 2 is indented more than line 1: keys of one mapping begin in one column",
    ),
    WrongFile(
        "infinity",
        "train.yaml",
        ("gradient_clipping: {type: norm, max_norm: .inf}\noptimizer: {type: AdamW}\n"),
        [(1, 33, "gradient_clipping.max_norm", "must be a finite number, is inf")],
    ),
    WrongFile(
        "a template that was not filled in",
        "train.yaml",
        ("optimizer:\n  type: {{ optimizer }}\n  lr: {{ lr }}\n"),
        [(2, 10, "", "a key must be a text")],
        "{{ }} is a template's: fill it in before, or put it in quotes",
    ),
    WrongFile(
        "betas as a block list with a wrong item",
        "train.yaml",
        ("optimizer:\n  type: AdamW\n  config:\n    betas:\n      - 0.9\n      - 1.5\n"),
        [(6, 9, "optimizer.config.betas[1]", "must be in [0, 1), is 1.5")],
    ),
    WrongFile(
        "a mistake deep in a sequence",
        "train.yaml",
        (
            "optimizer: {type: SGD, lr: 0.1}\n"
            "scheduler:\n"
            "  type: SequentialLR\n"
            "  config:\n"
            "    milestones: [5]\n"
            "    schedulers:\n"
            "      - type: LinearLR\n"
            "        config: {start_factor: 2}\n"
            "      - type: CosineAnnealingLR\n"
            "        config: {T_max: 0}\n"
        ),
        [
            (8, 18, "scheduler.config.schedulers[0].config.start_factor", "must be in (0, 1], is 2.0"),
            (10, 18, "scheduler.config.schedulers[1].config.T_max", "must be > 0, is 0"),
        ],
    ),
    WrongFile(
        "several mistakes in several places",
        "train.yaml",
        (
            "optimizer:\n"
            "  type: AdamW\n"
            "  config:\n"
            "    lr: -1e-3\n"
            "    betas: [0.9, 0.95, 0.99]\n"
            "    weight_decai: 0.1\n"
            "scheduler:\n"
            "  type: StepLr2\n"
            "  config: {step_size: 30}\n"
            "gradient_clipping: {max_nrm: 1.0}\n"
        ),
        [
            (4, 5, "optimizer.config.lr", "must be > 0, is -0.001"),
            (5, 5, "optimizer.config.betas", "must be a list of 2 numbers, is a list of 3"),
            (6, 5, "optimizer.config.weight_decai", "unknown key"),
            (8, 3, "scheduler.type", "no scheduler is called `StepLr2`"),
            (10, 21, "gradient_clipping.max_nrm", "unknown key"),
        ],
        "did you mean `weight_decay`",
    ),
    WrongFile(
        "a windows line end and a mistake",
        "train.yaml",
        ("optimizer:\r\n  type: AdamW\r\n  config:\r\n    lr: 0\r\n"),
        [(4, 5, "optimizer.config.lr", "must be > 0, is 0.0")],
    ),
    WrongFile(
        "a bidirectional override in a key",
        "train.yaml",
        ('optimizer:\n  type: AdamW\n  config:\n    "lr\\u202e": 1e-3\n'),
        [(4, 5, "optimizer.config.lr\u202e", "unknown key")],
        "did you mean `lr`",
    ),
    WrongFile(
        "a zero-width space in a type",
        "train.yaml",
        ('optimizer:\n  type: "Adam\\u200bW"\n'),
        [(2, 3, "optimizer.type", "no optimizer is called `Adam\\u200bW`")],
        "`\\u200b` in it is ZERO WIDTH SPACE; did you mean `AdamW`",
    ),
    WrongFile(
        "a control character",
        "train.yaml",
        ("optimizer:\n  type: AdamW\x07\n"),
        [(2, 14, "", "is not YAML: it holds the control character U+0007")],
        "take it out",
    ),
    WrongFile(
        "a cyrillic letter in a type",
        "train.yaml",
        ("optimizer:\n  type: Аdam\n"),
        [(2, 3, "optimizer.type", "no optimizer is called `Аdam`")],
        "`А` in it is CYRILLIC CAPITAL LETTER A; did you mean `Adam`",
    ),
    WrongFile(
        "a JSON with a trailing comma",
        "train.json",
        ('{\n  "optimizer": {\n    "type": "AdamW",\n    "config": {"lr": 1e-3,}\n  }\n}\n'),
        [(4, 27, "", "is not JSON: Expecting property name enclosed in double quotes")],
        "JSON has no comma before `}`",
    ),
    WrongFile(
        "a JSON with single quotes",
        "train.json",
        ("{'optimizer': {'type': 'AdamW'}}\n"),
        [(1, 2, "", "is not JSON: Expecting property name enclosed in double quotes")],
        "JSON has double quotes",
    ),
    WrongFile(
        "a JSON with Python's values",
        "train.json",
        ('{"optimizer": {"type": "AdamW", "config": {"amsgrad": True}}}\n'),
        [(1, 55, "", "is not JSON: Expecting value")],
        "write true",
    ),
    WrongFile(
        "a JSON with a comment",
        "train.json",
        ('{\n  // the optimizer\n  "optimizer": {"type": "AdamW"}\n}\n'),
        [(2, 3, "", "is not JSON: Expecting property name enclosed in double quotes")],
        "JSON has no comments: take it out, or let the name of the file end in .yaml",
    ),
    WrongFile(
        "a JSON with a missing comma",
        "train.json",
        ('{\n  "optimizer": {"type": "AdamW"}\n  "scheduler": {"type": "StepLR"}\n}\n'),
        [(3, 3, "", "is not JSON: Expecting ',' delimiter")],
        "a comma is missing here",
    ),
    WrongFile(
        "a JSON that is cut off",
        "train.json",
        ('{"optimizer": {"type": "AdamW", "config": {"lr": 1e-3'),
        [(1, 54, "", "is not JSON: Expecting ',' delimiter")],
        "the text ends before all brackets and quotes are closed",
    ),
    WrongFile(
        "a JSON with NaN",
        "train.json",
        ('{"optimizer": {"type": "AdamW", "config": {"lr": NaN}}}\n'),
        [(1, 44, "optimizer.config.lr", "must be a finite number, is nan")],
    ),
    WrongFile(
        "a JSON with a key twice",
        "train.json",
        ('{\n  "optimizer": {\n    "type": "AdamW",\n    "lr": 1e-3,\n    "lr": 3e-4\n  }\n}\n'),
        [(5, 5, "", "the key `lr` stands twice in one mapping")],
        "keep one of them",
    ),
    WrongFile(
        "a JSON with a wrong value",
        "train.json",
        ('{\n  "optimizer": {\n    "type": "AdamW",\n    "config": {"lr": "auto", "betas": [0.9, 1.0]}\n  }\n}\n'),
        [
            (4, 16, "optimizer.config.lr", "must be a number, is the text 'auto'"),
            (4, 45, "optimizer.config.betas[1]", "must be in [0, 1), is 1.0"),
        ],
        "which a config cannot know",
    ),
    WrongFile(
        "a JSON of two objects",
        "train.json",
        ('{"optimizer": {"type": "AdamW"}}\n{"scheduler": {"type": "StepLR"}}\n'),
        [(2, 1, "", "is not JSON: Extra data")],
        "a file holds one value, in one pair of braces",
    ),
    WrongFile(
        "a number without a digit before its point",
        "train.json",
        ('{"optimizer": {"type": "AdamW", "lr": .001}}\n'),
        [(1, 39, "", "is not JSON: Expecting value")],
        "a number has no `+` before it, and a digit before its point",
    ),
    WrongFile(
        "YAML in a JSON file",
        "train.json",
        ("optimizer:\n  type: AdamW\n"),
        [(1, 1, "", "is not JSON: Expecting value")],
        "this looks like YAML: let the name of the file end in .yaml",
    ),
    WrongFile(
        "a TOML with a text that has no quotes",
        "train.toml",
        ("[optimizer]\ntype = AdamW\n"),
        [(2, 8, "", "is not TOML: invalid value")],
        'text stands in quotes: "AdamW"',
    ),
    WrongFile(
        "a TOML with a colon",
        "train.toml",
        ('[optimizer]\ntype: "AdamW"\n'),
        [(2, 5, "", "is not TOML: expected '=' after a key in a key/value pair")],
        "TOML has `=` between key and value",
    ),
    WrongFile(
        "a TOML with null",
        "train.toml",
        ('[optimizer]\ntype = "LBFGS"\nmax_eval = null\n'),
        [(3, 12, "", "is not TOML: invalid value")],
        "TOML has no null: leave the key out",
    ),
    WrongFile(
        "a TOML with a number without a digit before its point",
        "train.toml",
        ('[optimizer]\ntype = "AdamW"\nlr = .001\n'),
        [(3, 6, "", "is not TOML: invalid value")],
        "a number has digits on both sides of its point",
    ),
    WrongFile(
        "a TOML with True",
        "train.toml",
        ('[optimizer]\ntype = "AdamW"\namsgrad = True\n'),
        [(3, 11, "", "is not TOML: invalid value")],
        "write true",
    ),
    WrongFile(
        "a TOML with a table twice",
        "train.toml",
        ('[optimizer]\ntype = "AdamW"\n[optimizer]\nlr = 1e-3\n'),
        [(3, 2, "", "the key `optimizer` stands twice in one mapping")],
        "keep one of them",
    ),
    WrongFile(
        "a TOML with a key twice",
        "train.toml",
        ('[optimizer]\ntype = "AdamW"\nlr = 1e-3\nlr = 3e-4\n'),
        [(4, 1, "", "the key `lr` stands twice in one mapping")],
        "keep one of them",
    ),
    WrongFile(
        "a TOML with an inline table over two lines",
        "train.toml",
        ('optimizer = {type = "AdamW",\n  lr = 1e-3}\n'),
        [(1, 29, "", "is not TOML: invalid initial character for a key part")],
        "a table in braces stands on one line and has no comma at its end; [header] opens a longer one",
    ),
    WrongFile(
        "a TOML with a wrong value",
        "train.toml",
        ('[optimizer]\ntype = "AdamW"\n\n[optimizer.config]\nlr = 0\nbetas = [0.9, 1.0]\n'),
        [
            (5, 1, "optimizer.config.lr", "must be > 0, is 0.0"),
            (6, 15, "optimizer.config.betas[1]", "must be in [0, 1), is 1.0"),
        ],
    ),
    WrongFile(
        "a TOML with a misspelt table",
        "train.toml",
        ('[optimizer]\ntype = "AdamW"\n\n[optimizer.conifg]\nlr = 1e-3\n\n[schedular]\ntype = "StepLR"\n'),
        [(4, 12, "optimizer.conifg", "unknown key"), (7, 2, "schedular", "unknown key")],
        "did you mean `config`",
    ),
    WrongFile(
        "a TOML with a date",
        "train.toml",
        ('[optimizer]\ntype = "AdamW"\nlr = 2024-01-01\n'),
        [(3, 1, "optimizer.lr", "must be a number, is the date 2024-01-01")],
    ),
    WrongFile(
        "torchtitan's TOML",
        "train.toml",
        ('[optimizer]\nname = "AdamW"\nlr = 8e-4\n\n[lr_scheduler]\nwarmup_steps = 200\n'),
        [(1, 2, "optimizer", "`type` is missing"), (5, 2, "lr_scheduler", "unknown key")],
        "did you mean `type` where `name` stands",
    ),
    WrongFile(
        "a file of another kind",
        "train.ini",
        ("[optimizer]\ntype = AdamW\n"),
        [(None, None, "", "a config file ends in .yaml, .yml, .json, .toml; this one ends in `.ini`")],
    ),
    WrongFile(
        "a Python file",
        "train.py",
        ("optimizer = dict(type='AdamW')\n"),
        [(None, None, "", "a config file ends in .yaml, .yml, .json, .toml; this one ends in `.py`")],
    ),
]
