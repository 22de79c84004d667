"""Where AI answers come from: one contract, a folder per provider, and the chain of them."""
