"""What is done in a fresh process: one module per piece of work, each with `main(orders) -> figures`."""
