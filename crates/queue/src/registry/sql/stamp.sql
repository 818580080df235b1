SELECT version, import FROM registry_version
