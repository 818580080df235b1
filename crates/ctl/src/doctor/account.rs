//! The user the receiver runs as, and what its rights are by a file's mode. Access lists are not looked at.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;

use super::service;

/// The name the package gives to the receiver's user.
const USUAL: &str = "telecare";

/// A user with its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its id.
    pub uid: u32,
    gids: Vec<u32>,
}

impl Account {
    /// Whether it has these rights (4 read, 2 write, 1 search) on a file. Root has all.
    pub fn may(&self, file: &Metadata, rights: u32) -> bool {
        let shift = if file.uid() == self.uid {
            6
        } else if self.gids.contains(&file.gid()) {
            3
        } else {
            0
        };
        self.uid == 0 || (file.mode() >> shift) & rights == rights
    }
}

/// The receiver's user: the named one, else the service's, else the usual one, else whoever asks.
pub fn of_receiver(user: Option<&str>) -> Result<Account, String> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    if let Some(name) = user {
        return named(name, &passwd, &group).ok_or_else(|| format!("there is no user {name}"));
    }
    let of_service = service::property("User");
    let known = [of_service.as_deref(), Some(USUAL)].into_iter().flatten();
    let found = known.into_iter().find_map(|name| named(name, &passwd, &group));
    Ok(found.unwrap_or_else(|| {
        let uid = rustix::process::geteuid().as_raw();
        let name = passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, id) = (fields.next()?, fields.nth(1)?);
            (id.parse() == Ok(uid)).then(|| name.to_owned())
        });
        let name = name.unwrap_or_else(|| uid.to_string());
        named(&name, &passwd, &group).unwrap_or(Account { name, uid, gids: vec![rustix::process::getegid().as_raw()] })
    }))
}

fn named(name: &str, passwd: &str, group: &str) -> Option<Account> {
    let mut fields =
        passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f.first() == Some(&name))?;
    fields.truncate(4);
    let [_, _, uid, gid] = fields[..] else { return None };
    let member = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [_, _, gid, members] = fields[..] else { return None };
        members.split(',').any(|member| member == name).then(|| gid.parse().ok()).flatten()
    };
    let gids = std::iter::once(gid.parse().ok()?).chain(group.lines().filter_map(member)).collect();
    Some(Account { name: name.to_owned(), uid: uid.parse().ok()?, gids })
}

/// The name of a group.
pub fn group_name(gid: u32) -> String {
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    let name = group.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(gid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| gid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_its_own_group_and_those_it_is_a_member_of() {
        let passwd = "root:x:0:0::/root:/bin/sh\ntelecare:x:990:980::/:/bin/false\n";
        let group = "dialout:x:20:ann,telecare\nroot:x:0:\nstaff:x:50:telecareless\n";
        let found = named("telecare", passwd, group).unwrap();
        assert_eq!((found.uid, &found.gids[..]), (990, &[980, 20][..]));
        assert_eq!(named("ann", passwd, group), None);
    }

    #[test]
    fn rights_are_those_of_the_first_class_that_fits() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let account = |uid, gids| Account { name: String::new(), uid, gids };
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o750)).unwrap();
        let file = fs::metadata(directory.path()).unwrap();
        let (stranger, gid) = (4_000_000, file.gid());
        assert!(account(file.uid(), vec![]).may(&file, 7));
        assert!(account(stranger, vec![1, gid]).may(&file, 5) && !account(stranger, vec![gid]).may(&file, 2));
        assert!(!account(stranger, vec![stranger]).may(&file, 4));
        assert!(account(0, vec![]).may(&file, 7));
    }
}
