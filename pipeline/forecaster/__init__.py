"""Everything that is needed to forecast new prices: features, baselines, fitted numbers and the network."""
