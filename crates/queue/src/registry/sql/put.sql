-- Units made and changed. $1 them, $2 the registry's version.
INSERT INTO unit (id, reference, label, scheme, address_line, phones, flags, risk, stock, expected_interval_s,
                  record_link, customer, model, firmware, carrier, version)
SELECT id, reference, label, scheme, address_line, phones, flags, risk, stock, expected_interval_s,
       record_link, customer, model, firmware, carrier, $2
FROM jsonb_populate_recordset(NULL::unit, $1)
ON CONFLICT (id) DO UPDATE SET
    reference = excluded.reference, label = excluded.label, scheme = excluded.scheme,
    address_line = excluded.address_line, phones = excluded.phones, flags = excluded.flags, risk = excluded.risk,
    stock = excluded.stock, expected_interval_s = excluded.expected_interval_s, record_link = excluded.record_link,
    customer = excluded.customer, model = excluded.model, firmware = excluded.firmware, carrier = excluded.carrier,
    version = excluded.version
