//! NOW-IP (BS 8521-2): the digits of BS 8521 in a small XML document, within SIP.
