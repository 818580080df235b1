UPDATE registry_version SET version = $1, import = $2, person = $3, at = now()
