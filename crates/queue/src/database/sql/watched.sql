-- When an operator was last heard at any receiver.
SELECT max(operator_heard_at) FROM receiver
