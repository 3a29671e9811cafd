"""From prices to a forecast with its band: what applies the numbers that were fitted on train, and the network."""
