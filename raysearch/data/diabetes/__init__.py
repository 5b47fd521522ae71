"""Ten numbers about each of 442 diabetes patients; inputs and target in standard deviations."""
