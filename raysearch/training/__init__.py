"""How is one configuration trained? One Lightning fit, without Ray.

`job` says what to train; `fit` trains, refits and evaluates it; `failure` says what went wrong;
`log` keeps what was printed; `warmup` makes a process ready. Only `fit` and what it is made of
load torch and Lightning, so the others can be imported where that would cost seconds.
"""
