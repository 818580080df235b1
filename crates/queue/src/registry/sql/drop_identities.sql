DELETE FROM unit_identity WHERE unit = ANY ($1)
