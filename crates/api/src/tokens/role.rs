//! What each role may do.

use std::fmt;
use std::str::FromStr;

use telecare_protocol::report::UnknownName;

/// What a token's carrier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Works the queue.
    Operator,
    /// Works the queue and answers for it.
    Supervisor,
    /// Looks after units and lines: reads and takes notes.
    Engineer,
    /// Reads everything.
    Auditor,
    /// A wallboard or a watchdog: health and the list.
    Monitor,
    /// A program that sends alarms. Nothing here is open to it.
    Source,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read the open list.
    List,
    /// Read one alarm with its signals and log.
    Detail,
    /// Read the last calls on the lines, with their telephone numbers.
    Calls,
    /// Write a note on an alarm.
    Note,
    /// Any other action on an alarm.
    Act,
    /// Put units on test, and work what comes under the test.
    Test,
    /// End what somebody else has.
    Overrule,
    /// Take the whole registry of units away.
    Export,
    /// Change the registry of units.
    Register,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Operator, Role::Supervisor, Role::Engineer, Role::Auditor, Role::Monitor, Role::Source];

    /// The name used in the token file and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::Supervisor => "supervisor",
            Role::Engineer => "engineer",
            Role::Auditor => "auditor",
            Role::Monitor => "monitor",
            Role::Source => "source",
        }
    }

    /// Whether the role may do what a request needs.
    pub fn may(self, permission: Permission) -> bool {
        match self {
            Role::Operator => !matches!(permission, Permission::Export | Permission::Register | Permission::Overrule),
            Role::Supervisor => true,
            Role::Engineer => !matches!(permission, Permission::Act | Permission::Overrule),
            Role::Auditor => {
                matches!(permission, Permission::List | Permission::Detail | Permission::Calls | Permission::Export)
            }
            Role::Monitor => permission == Permission::List,
            Role::Source => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Role::ALL.into_iter().find(|role| role.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_exactly_this() {
        use Permission::{Act, Calls, Detail, Export, List, Note, Overrule, Register, Test};
        let table: [(Role, &[Permission]); 6] = [
            (Role::Operator, &[List, Detail, Calls, Note, Act, Test]),
            (Role::Supervisor, &[List, Detail, Calls, Note, Act, Test, Overrule, Export, Register]),
            (Role::Engineer, &[List, Detail, Calls, Note, Test, Export, Register]),
            (Role::Auditor, &[List, Detail, Calls, Export]),
            (Role::Monitor, &[List]),
            (Role::Source, &[]),
        ];
        for (role, allowed) in table {
            for permission in [List, Detail, Calls, Note, Act, Test, Overrule, Export, Register] {
                assert_eq!(role.may(permission), allowed.contains(&permission), "{role} {permission:?}");
            }
            assert_eq!(role.as_str().parse(), Ok(role));
        }
    }
}
