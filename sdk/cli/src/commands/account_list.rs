//! `plimsoll account list`, and one look of `plimsoll keeper top`.

use plimsoll_sdk::view::Accounts;
use plimsoll_state::{MarginAccount, Registry};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::health::Margin;
use crate::row;
use crate::text::Text;

/// Margin accounts, least healthy first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountList {
    /// Those that can be valued.
    pub accounts: Vec<Row>,
    /// Why each of the others cannot be read or valued; every sentence names its address.
    pub left_out: Vec<String>,
    /// Whether they are one owner's, who has none.
    #[serde(skip)]
    pub is_owners: bool,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Row {
    /// Its address.
    pub account: String,
    /// Its number among its owner's.
    pub id: u16,
    /// Its owner.
    pub owner: String,
    /// Its margins.
    pub margin: Margin,
}

impl Answer for AccountList {
    fn text(&self) -> Text {
        let row = |row: &Row| {
            let margin = &row.margin;
            let Row { account, id, owner, .. } = row;
            let mut cells = row![account, id, owner, margin.nav.text(), margin.mmr.text(), margin.ratio_text()];
            cells.push(margin.health.cell());
            cells
        };
        let columns = ["account", "number", "owner", "NAV", "MMR", "ratio", "state"];
        let text = Text::table(&columns, self.accounts.iter().map(row).collect());
        if self.accounts.is_empty() && self.left_out.is_empty() && self.is_owners {
            return text.note("open one with `plimsoll account open`");
        }
        text
    }
}

/// Lists accounts, least healthy first, and at most so many.
///
/// # Errors
/// Whatever stops it.
pub async fn list(
    context: &Context,
    loaded: &Loaded,
    owner: Option<Pubkey>,
    everybody: bool,
    most: Option<usize>,
) -> Result<()> {
    let owner = match (owner, everybody) {
        (Some(owner), _) => Some(owner),
        (None, true) => None,
        (None, false) => Some(context.session.address()?),
    };
    let engine = loaded.accounts.keys.engine;
    let listed = context.session.connection.margin_accounts(&engine, owner.as_ref(), None).await?;
    let (mut accounts, not_valued) = standings(&listed.accounts, |account| loaded.accounts.with(account));
    accounts.truncate(most.unwrap_or(usize::MAX));
    let left_out: Vec<String> = listed.unreadable.iter().map(ToString::to_string).chain(not_valued).collect();
    let answer = AccountList { accounts, left_out, is_owners: owner.is_some() };
    answer.print(context.json);
    tell_left_out(&answer.left_out);
    Ok(())
}

/// Tells on the standard error what an answer leaves out, a sentence each: so it is seen whatever becomes of the answer.
pub fn tell_left_out(texts: &[String]) {
    texts.iter().for_each(|text| eprintln!("left out: {text}"));
}

/// Where accounts stand, least healthy first; and of each that cannot be valued, such as one in a bank that is not listed,
/// its address and why.
pub fn standings<'a>(
    found: &'a [(Pubkey, MarginAccount)],
    with: impl Fn(&'a MarginAccount) -> Accounts<'a>,
) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut not_valued) = (Vec::with_capacity(found.len()), Vec::new());
    for (address, account) in found {
        let accounts = with(account);
        match Margin::of(&accounts) {
            Ok(margin) => {
                let owner = Pubkey::new_from_array(account.owner).to_string();
                rows.push(Row { account: address.to_string(), id: account.id, owner, margin });
            }
            Err(fault) => {
                let why = unlisted(account, accounts.registry).unwrap_or_else(|| fault.error().to_string());
                not_valued.push(format!("{address} cannot be valued: {why}"));
            }
        }
    }
    rows.sort_by(|one, other| {
        let key = |row: &Row| (row.margin.ratio_ppm.unwrap_or(u32::MAX), row.account.clone());
        key(one).cmp(&key(other))
    });
    (rows, not_valued)
}

/// Which legs of an account are of banks or markets that are not listed.
pub fn unlisted(account: &MarginAccount, registry: &Registry) -> Option<String> {
    let tokens = account.tokens.iter().filter(|token| token.used == 1 && registry.bank(token.bank as usize).is_none());
    let perps =
        account.derivatives.iter().filter(|leg| leg.kind != 0 && registry.market(leg.market as usize).is_none());
    let named = tokens.map(|token| format!("bank {}", token.bank));
    let named: Vec<String> = named.chain(perps.map(|leg| format!("market {}", leg.market))).collect();
    (!named.is_empty()).then(|| format!("it holds something in {}, which is not listed", named.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{world, SOL, USDC};

    #[test]
    fn an_account_of_a_bank_that_is_not_listed_is_named_and_the_others_are_listed() {
        let (mut richer, mut of_none, mut poorer) = (world(), world(), world());
        richer.hold(0, SOL, 100_000_000_000).hold(1, USDC, -10_000_000_000);
        poorer.hold(0, SOL, 100_000_000_000).hold(1, USDC, -16_000_000_000);
        of_none.hold(0, 7, 1);
        let [first, second, third] = [1u8, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        let found = [(first, &richer), (second, &of_none), (third, &poorer)];
        let found = found.map(|(key, world)| (key, *world.accounts().account));
        let shared = world();
        let (rows, not_valued) = standings(&found, |account| Accounts { account, ..shared.accounts() });
        assert_eq!(
            rows.iter().map(|row| row.account.clone()).collect::<Vec<_>>(),
            [third.to_string(), first.to_string()]
        );
        assert_eq!(
            not_valued,
            [format!("{second} cannot be valued: it holds something in bank 7, which is not listed")]
        );
    }
}
