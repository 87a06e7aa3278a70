"""What people see: tables, progress, JSON. The only place that prints."""
