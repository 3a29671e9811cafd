"""The simple models that the network is compared with."""
