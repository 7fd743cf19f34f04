"""The commands: dermai-report and dermai-train."""
