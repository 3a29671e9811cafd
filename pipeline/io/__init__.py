"""How every stage reads, writes, refuses and starts."""
