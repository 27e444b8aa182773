//! Parents to be: account holders of the demo town, signed in through the test identity provider.

use db::Db;
use testkit::browser::Browser;

pub struct Parent {
    pub cookie: String,
}

/// Whose pages are opened: a page without its rows would be measured for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's meals are prepaid, so that whichever pupil is shown has a wallet.
    Prepaid,
    /// With as many documents as the gate speaks of.
    Billed,
}

const PREPAID: &str = "exists (select 1 from enrolment e join badge b on b.tenant_id = 1 and b.pupil_id = e.pupil_id
        join wallet w on w.tenant_id = 1 and w.badge_id = b.id
        where e.tenant_id = 1 and e.holder_id = p.id and e.state = 'active' and e.payment_mode = 'prepaid')
    and not exists (select 1 from guardianship g join pupil u on u.tenant_id = 1 and u.id = g.pupil_id
        where g.tenant_id = 1 and g.person_id = p.id and not exists (select 1 from enrolment e
            where e.tenant_id = 1 and e.pupil_id = u.id and e.state = 'active' and e.payment_mode = 'prepaid'))";
const BILLED: &str = "(select count(*) from billing_document d where d.tenant_id = 1 and d.holder_id = p.id) between 8 and 12";

/// Signs in up to `most` account holders of the main Comune.
///
/// # Panics
/// Where there are none.
pub async fn sign_in(database: &str, portal: &str, whose: Whose, most: i64) -> Vec<Parent> {
    let mut parents = Vec::new();
    for code in holders(database, whose, most).await {
        parents.push(Parent { cookie: sign_in_one(portal, &code).await });
    }
    assert!(!parents.is_empty(), "nobody in this town is {whose:?}");
    parents
}

async fn holders(database: &str, whose: Whose, most: i64) -> Vec<String> {
    let database = Db::open(database).await.expect("the demo's database opens");
    let mut tx = database.read().await.expect("it can be read");
    let condition = if whose == Whose::Prepaid { PREPAID } else { BILLED };
    let sql = format!(
        "select p.fiscal_code from person p where p.tenant_id = 1 and p.fiscal_code is not null and {condition}
         order by p.fiscal_code limit $1"
    );
    let rows = tx.query(&sql, &[&most]).await.expect("the query is right");
    rows.iter().map(|row| row.get(0).expect("a code")).collect()
}

/// The way of a browser without JavaScript: choose SPID, send the request on, be somebody, send the answer on.
async fn sign_in_one(portal: &str, code: &str) -> String {
    let mut browser = Browser::new();
    let page = browser.get(&format!("{portal}/accedi")).await;
    let link = page.links().into_iter().find(|l| l.path() == "/spid/login").expect("the sign-in page offers SPID");
    let request = browser.get(link.as_str()).await;
    let provider = browser.press(&request.form_to("/sso"), "").await;
    let by_code = provider.forms().into_iter().find(|f| f.value("fiscal_code").is_some()).expect("anyone can be entered as");
    let answer = browser.press(&by_code.set("fiscal_code", code), "").await;
    let home = browser.press(&answer.form_to("/spid/acs"), "").await;
    assert!(home.status.is_success(), "{code} could not sign in: {} {}", home.status, home.words());
    browser.cookie_header(portal)
}
