"""How is one configuration trained? One Lightning fit, or a function of the user's; without Ray.

`job` says what to train; `run` trains, refits and evaluates it, and knows by whom; `failure` says
what went wrong; `log` keeps what was printed; `warmup` makes a process ready. These load neither
torch nor Lightning at import.

Behind them, for Lightning: `fit` puts together what `building` makes of the user's classes (of
either `namespace`, by `adoption` even mixed, with `fast_loading`) and the Trainer of `trainers`;
`reporter` and `rounds` say what is measured, `seeding` makes it exact, `checkpoints` and `portable`
keep it; `refitting` and `refit_data` train on all data. For functions: `function`.
"""
