"""Runs that lie elsewhere, behind an address such as s3://bucket/runs: written here and mirrored there; see docs/scale.md."""
