"""SCAN: 20,910 commands such as "jump twice and walk left", to be translated into actions."""
