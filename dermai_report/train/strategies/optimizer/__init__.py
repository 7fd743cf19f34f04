"""Update rules: `build(groups, config)`, groups being torch parameter groups with their learning rates."""
