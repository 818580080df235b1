SELECT alias, alarm FROM alarm_alias WHERE alias = ANY ($1)
