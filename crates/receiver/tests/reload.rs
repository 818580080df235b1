//! SIGHUP: a changed policy ranks the next signal while the lines stay connected; one with a mistake changes nothing,
//! and the log names the place.

use std::fs;

use anyhow::{Result, ensure};
use telecare_tests::metrics::Reading;
use telecare_tests::receiver::Setup;
use telecare_tests::site::{Site, TCP};
use telecare_tests::surgard::contact_id;
use telecare_tests::wait;

const SHIPPED: &str = include_str!("../../../config/policy.toml");

#[test]
fn a_changed_policy_ranks_what_comes_next_and_a_broken_one_changes_nothing() -> Result<()> {
    let more = "\n[policy]\nfile = \"policy.toml\"\n".to_owned();
    let mut site = Site::prepare(Setup { more, ..Setup::default() })?;
    let policy = site.receiver.directory().path().join("policy.toml");
    fs::write(&policy, SHIPPED)?;
    site.receiver.launch()?;
    let console = site.receiver.console(0);
    site.tcp.tell(&contact_id("011", "1111", "E384", 1))?;
    assert_eq!(console.until_alarm(TCP, "1111")?["priority"], 4);
    let lost = Reading::of(&site.receiver)?.value("telecare_line_lost_total", &[("line", TCP)]);

    fs::write(&policy, SHIPPED.replace("priority = 4", "priority = 3"))?;
    site.receiver.reload()?;
    Reading::until(&site.receiver, "telecare_policy_reloads_total", &[("outcome", "done")], |done| done == 1.0)?;
    site.tcp.tell(&contact_id("011", "2222", "E384", 1))?;
    assert_eq!(console.until_alarm(TCP, "2222")?["priority"], 3);

    fs::write(&policy, "rule = [\n{ trigger = \"pendnt\" }\n")?;
    site.receiver.reload()?;
    Reading::until(&site.receiver, "telecare_policy_reloads_total", &[("outcome", "refused")], |count| count == 1.0)?;
    site.tcp.tell(&contact_id("011", "3333", "E384", 1))?;
    assert_eq!(console.until_alarm(TCP, "3333")?["priority"], 3);
    let named =
        wait::until("the mistake in the log", || Ok(site.receiver.log().contains("policy.toml:").then_some(())));
    ensure!(named.is_ok() && site.receiver.log().contains("remedy"), "{}", site.receiver.log());
    assert_eq!(Reading::of(&site.receiver)?.value("telecare_line_lost_total", &[("line", TCP)]), lost);
    Ok(())
}
