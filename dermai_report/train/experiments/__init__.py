"""Several trainings that belong together: planned, carried out by workers here or elsewhere, and resumed where they stopped."""
