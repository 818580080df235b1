SELECT s.alias, s.alarm FROM alarm_alias s JOIN alarm a ON a.id = s.alarm
