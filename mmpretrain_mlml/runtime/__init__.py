"""What runners, processes and data workers share outside the repairs of the stack."""
