"""From the records of runs to the cells of a table, compared with a reference."""
