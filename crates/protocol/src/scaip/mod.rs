//! SCAIP (SS 91100, CLC/TS 50134-9): a unit's XML in a SIP MESSAGE, and the answer in a MESSAGE of its own.
