//! The mail of a message, to a mail server that answers as the test says.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::{Arc, Mutex};

use common::Scene;
use db::testing::on_both_engines;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use worker::Mailer;

/// A mail server; `recipient` is its answer to RCPT.
struct Post {
    mailer: Mailer,
    letters: Arc<Mutex<Vec<String>>>,
}

impl Post {
    async fn open(recipient: &'static str) -> Post {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mailer = mailer(listener.local_addr().unwrap().port());
        let letters: Arc<Mutex<Vec<String>>> = Arc::default();
        let box_of = letters.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let letter = take(socket, recipient).await;
                box_of.lock().unwrap().extend(letter);
            }
        });
        Post { mailer, letters }
    }

    fn letters(&self) -> Vec<String> {
        self.letters.lock().unwrap().clone()
    }
}

fn mailer(port: u16) -> Mailer {
    Mailer::connect(&format!("smtp://127.0.0.1:{port}"), "Servizi scolastici <noreply@esempio.test>").unwrap()
}

async fn take(mut socket: TcpStream, recipient: &str) -> Option<String> {
    let (read, mut write) = socket.split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 posta\r\n").await.unwrap();
    let mut letter = None;
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split(' ').next().unwrap() {
            "RCPT" => recipient,
            "DATA" => {
                write.write_all(b"354 scrivi\r\n").await.unwrap();
                let mut text = String::new();
                while let Some(line) = lines.next_line().await.unwrap().filter(|line| line != ".") {
                    text += &line;
                    text.push('\n');
                }
                letter = Some(text);
                "250 accolta 4711"
            }
            "QUIT" => break,
            _ => "250 bene",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
    letter
}

const STATE: &str = "select mail_state from message";
const PROOF: &str = "select coalesce(mail_proof, '') from message";

async fn told_by_mail(db: db::Db, mailer: Option<Mailer>) -> Scene {
    let scene = Scene::with(db, mailer).await;
    let position = scene.top_up(2500).await;
    scene.pay(&position, 2500, "r1").await;
    scene.work().await;
    scene
}

#[tokio::test]
async fn a_mail_is_sent_once_and_what_the_server_said_is_kept() {
    on_both_engines(|db| async move {
        let post = Post::open("250 bene").await;
        let scene = told_by_mail(db, Some(post.mailer.clone())).await;
        assert_eq!(scene.text(STATE).await, "sent");
        assert!(scene.text(PROOF).await.contains("4711"));
        let letters = post.letters();
        assert_eq!(letters.len(), 1);
        assert!(
            letters[0].contains("Gentile Anna Bianchi") && letters[0].contains("https://scuola.esempio.test/area-personale/")
        );
        scene.repeat(messages::MAIL_JOB).await;
        assert!(scene.work().await > 0, "the job ran again");
        assert_eq!(post.letters().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn without_a_mail_server_the_message_stands_in_the_personal_area_only() {
    on_both_engines(|db| async move {
        let scene = told_by_mail(db, None).await;
        assert_eq!(scene.text(STATE).await, "none");
        assert_eq!(scene.told(scene.town.people.anna).await.len(), 1);
        assert_eq!(scene.count("select count(*) from job where state <> 'done'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_that_is_refused_for_good_is_not_tried_again() {
    on_both_engines(|db| async move {
        let post = Post::open("550 nessuno qui").await;
        let scene = told_by_mail(db, Some(post.mailer.clone())).await;
        assert_eq!(scene.text(STATE).await, "failed");
        assert!(scene.text(PROOF).await.contains("nessuno qui"));
        assert_eq!(scene.count("select count(*) from job where state <> 'done'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_tried_again_later_until_enough() {
    on_both_engines(|db| async move {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = nobody.local_addr().unwrap().port();
        drop(nobody);
        let scene = told_by_mail(db, Some(mailer(port))).await;
        assert_eq!(scene.text(STATE).await, "pending");
        assert_eq!(scene.work().await, 0, "not at once");
        for attempt in 2..=db::jobs::MOST_ATTEMPTS {
            let later = scene.town.clock.now() + jiff::SignedDuration::from_hours(2);
            scene.town.clock.set(later);
            scene.work().await;
            let ended = attempt == db::jobs::MOST_ATTEMPTS;
            assert_eq!(scene.text(STATE).await, if ended { "failed" } else { "pending" }, "after attempt {attempt}");
        }
        assert_eq!(scene.count("select count(*) from job where state <> 'done'").await, 0);
    })
    .await;
}

/// Words of a letter, its lines joined again.
fn joined(letter: &str) -> String {
    letter.replace("=\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn an_invitation_and_a_forgotten_password_bring_a_link_that_stands_nowhere_else() {
    use identity::credentials::{Kind, account, link, mail};
    on_both_engines(|db| async move {
        let post = Post::open("250 bene").await;
        let scene = Scene::with(db, Some(post.mailer.clone())).await;
        let (ctx, vat) = (scene.town.office(), "00000000034");
        let mut tx = scene.town.db.begin().await.unwrap();
        account::invite_business(&mut tx, &ctx, vat, "a@faro.example").await.unwrap();
        mail::request_reset(&mut tx, &ctx, Kind::Business, vat, "192.0.2.1").await.unwrap();
        mail::request_reset(&mut tx, &ctx, Kind::Business, "01199250158", "192.0.2.1").await.unwrap();
        tx.commit().await.unwrap();
        scene.work().await;
        let letters: Vec<String> = post.letters().iter().map(|l| joined(l)).collect();
        assert_eq!(letters.len(), 2, "nobody is written to about an account that is not there");
        assert!(letters.iter().all(|l| l.contains("Gentile Il Faro S.r.l.")));
        for letter in &letters {
            let start = "https://scuola.esempio.test/accedi/imprese/password/";
            let token: String = letter.split(start).nth(1).unwrap().chars().take_while(char::is_ascii_hexdigit).collect();
            assert_eq!(token.len(), 64, "{letter}");
            let mut tx = scene.town.db.read().await.unwrap();
            assert_eq!(link::find(&mut tx, &ctx, Kind::Business, &token).await.unwrap().user_name, vat);
            drop(tx);
            assert_eq!(scene.count(&format!("select count(*) from job where body like '%{token}%'")).await, 0);
        }
        assert_eq!(scene.count("select count(*) from job where state <> 'done'").await, 0);
    })
    .await;
}
