//! Against a real queue and a real HTTP server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use telecare_alarm::{Alarm, LineId, Policy};
use telecare_protocol::{Report, Status, Trigger};
use telecare_queue::Cards;

use super::*;
use crate::config::Secret;
use crate::rig::{BOUND, Rig};

const SECRET: &[u8] = b"0123456789-0123456789-0123456789";

struct Heard {
    headers: HashMap<String, String>,
    body: String,
}

/// A server that answers with these, the last for ever, and passes on what it hears.
fn server(answers: &'static [&'static str]) -> (String, mpsc::Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (heard, hears) = mpsc::channel();
    std::thread::spawn(move || {
        for (index, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut headers = HashMap::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim_end().split_once(": ") else {
                    if line.trim_end().is_empty() {
                        break;
                    }
                    continue;
                };
                headers.insert(name.to_lowercase(), value.to_owned());
            }
            let mut body = vec![0; headers["content-length"].parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let answer = answers.get(index).or(answers.last()).unwrap();
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if heard.send(Heard { headers, body: String::from_utf8(body).unwrap() }).is_err() {
                return;
            }
        }
    });
    (url, hears)
}

fn policy() -> Arc<Policy> {
    let text = include_str!("../../../../config/policy.toml");
    let quick: String = text
        .lines()
        .map(|line| if line.starts_with("person ") || line.starts_with("person=") { "person = [1]" } else { line })
        .fold(String::new(), |all, line| all + line + "\n");
    let target = telecare_alarm::rules::Target { name: "pager".into(), from_level: 1 };
    Arc::new(Policy::parse(&quick).unwrap().with_targets(vec![target]))
}

fn webhooks(url: String) -> Arc<[Webhook]> {
    let secret = Secret::of(SECRET);
    let timeout = Duration::from_secs(5);
    Arc::new([Webhook { name: "pager".into(), url, secret, from_level: 1, ca: None, timeout }])
}

fn is_told(board: &telecare_queue::Board) -> bool {
    let mut told = board.open.iter().flat_map(|alarm| &alarm.escalations).flat_map(|known| &known.deliveries);
    told.any(|delivery| delivery.ended.is_some_and(|end| end.delivered))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_unanswered_is_told_signed_retried_as_it_was_and_not_again_after_a_restart() {
    let (url, hears) = server(&["500 No", "200 OK"]);
    let hooks = webhooks(url);
    let rig = Rig::new().await;
    rig.queue.set_policy(policy()).await;
    let (_keep, told) = watch::channel(hooks.clone());
    let task = tokio::spawn(run(rig.queue.clone(), ReceiverId::new("test"), told));
    let line = rig.intake.line(&LineId::new("line-1"), None, false);
    line.own(Report::own(Trigger::Pendant, Status::Active, "secret words")).await;
    rig.board(is_told).await;
    let (first, second) = (hears.recv_timeout(BOUND).unwrap(), hears.recv_timeout(BOUND).unwrap());
    assert_eq!(first.headers["webhook-id"], second.headers["webhook-id"]);
    for heard in [&first, &second] {
        let (id, at) = (&heard.headers["webhook-id"], heard.headers["webhook-timestamp"].parse().unwrap());
        let signature = sign::signature(SECRET, id, at, heard.body.as_bytes()).unwrap();
        assert_eq!(heard.headers["webhook-signature"], signature);
        assert!(heard.body.contains("\"rule\":\"un") && heard.body.contains("\"age_s\""), "{}", heard.body);
        assert!(!heard.body.contains("secret words") && !heard.body.contains("line-1"), "{}", heard.body);
    }
    let mut known: Vec<String> = vec![second.body];
    task.abort();
    rig.queue.close().await;
    known.extend(hears.try_iter().map(|heard| heard.body));

    let rig = Rig::on(rig.journal).await;
    rig.board(is_told).await;
    let board = rig.queue.board().borrow().clone();
    let seen = choose::look(&board, board.closed.iter(), &ReceiverId::new("test"), OffsetDateTime::now_utc());
    let told = |pending: &Pending| known.iter().any(|body| body.contains(&pending.id.to_string()));
    assert!(!seen.mine.iter().any(told), "what is recorded as delivered is not told again: {:?}", seen.mine);
}

#[test]
fn pauses_double_to_a_bound() {
    for (failures, seconds) in [(0, 1), (1, 2), (5, 32), (6, 60), (u32::MAX, 60)] {
        assert_eq!(pause(failures), Duration::from_secs(seconds), "{failures}");
    }
}

/// Whose escalation, who is silent, how the link is, how old: whether it is this receiver's to tell.
#[tokio::test]
async fn others_are_told_for_when_they_may_be_gone() {
    let rig = Rig::new().await;
    rig.queue.set_policy(policy()).await;
    let line = rig.intake.line(&LineId::new("line-1"), None, false);
    line.own(Report::own(Trigger::Pendant, Status::Active, "")).await;
    let board = rig.board(|board| board.open.iter().any(|alarm| !alarm.escalations.is_empty())).await;
    let due = board.open.nth(0).unwrap().escalations[0].due;
    let silent = |name: &str| telecare_queue::OtherReceiver {
        receiver: ReceiverId::new(name),
        silent_since: due,
        unforwarded: 0,
    };
    use telecare_queue::Link::{Connected, CutOff, Standalone};
    for (own, silents, link, age_s, mine) in [
        ("test", vec![], Standalone, 0, true),
        ("test", vec![], Connected, 0, true),
        ("other", vec![], Connected, 600, false),
        ("other", vec![silent("third")], Connected, 600, false),
        ("other", vec![silent("test")], Connected, 0, true),
        ("other", vec![], CutOff, 9, false),
        ("other", vec![], CutOff, 11, true),
    ] {
        let mut board = telecare_queue::Board::clone(&board);
        (board.silent, board.link) = (silents, link);
        let now = due + time::Duration::seconds(age_s);
        let seen = choose::look(&board, board.closed.iter(), &ReceiverId::new(own), now);
        assert_eq!((!seen.mine.is_empty(), seen.others_wait), (mine, !mine), "{own} {link:?} {age_s}");
        assert_eq!(seen.made.is_empty(), own != "test");
        (board.closed, board.open) = (board.open.iter().cloned().collect(), Cards::default());
        assert_eq!(
            !choose::look(&board, board.closed.iter(), &ReceiverId::new(own), now).mine.is_empty(),
            mine,
            "closed: {own}"
        );
    }
}

/// Whatever happened between two looks, those that are closed and were escalated are known as they are.
#[tokio::test]
async fn escalated_cards_that_are_closed_are_followed_from_board_to_board() {
    let rig = Rig::new().await;
    rig.queue.set_policy(policy()).await;
    let line = rig.intake.line(&LineId::new("line-1"), None, false);
    line.own(Report::own(Trigger::Pendant, Status::Active, "")).await;
    let board = rig.board(|board| board.open.iter().any(|alarm| !alarm.escalations.is_empty())).await;
    let open = board.open.nth(0).unwrap();
    let actor = telecare_alarm::Actor { person: "Ann".into(), desk: "1".into() };
    let closed_after = |seconds| {
        let at = open.opened_at + time::Duration::seconds(seconds);
        let (outcome, text) = ("ok".to_owned(), String::new());
        let closed = telecare_alarm::alarm::Closed { actor: actor.clone(), at, outcome, text };
        Arc::new(Alarm { closed: Some(closed), ..Alarm::clone(open) })
    };
    let quiet = Arc::new(Alarm { escalations: Vec::new(), ..Alarm::clone(&closed_after(9)) });
    let mut escalated = choose::Escalated::default();
    // Closed, closed again later and earlier, changed to one without, gone.
    let steps = [Some(closed_after(1)), Some(closed_after(5)), Some(closed_after(3)), Some(quiet), None];
    for card in steps {
        let closed = card.iter().cloned().collect();
        escalated.follow(&telecare_queue::Board { closed, ..telecare_queue::Board::clone(&board) });
        let expected: Vec<_> = card.iter().filter(|card| !card.escalations.is_empty()).map(Arc::as_ptr).collect();
        assert_eq!(escalated.iter().map(Arc::as_ptr).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_vouched_for_by_ca_is_told_over_tls_and_without_it_is_not() {
    use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            // A client that does not believe the certificate goes away here.
            let mut read = [0; 4096];
            if stream.read(&mut read).is_ok_and(|count| count > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.flush();
            }
        }
    });
    let trusting = Webhook { ca: Some(made.cert.pem().into()), ..webhooks(url.clone())[0].clone() };
    let doubting = webhooks(url)[0].clone();
    let own = ReceiverId::new("test");
    let told = |webhook: Webhook| {
        let own = own.clone();
        tokio::task::spawn_blocking(move || post::post(&post::agent(&webhook), &webhook, &own, &[]))
    };
    assert!(matches!(told(doubting).await.unwrap(), Try::Failed(_)));
    assert_eq!(told(trusting).await.unwrap(), Try::Ok);
}
