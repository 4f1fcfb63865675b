//! Mutations that are allowed to succeed, each with its reason. An entry that no attack needs fails the test, and so
//! does one that an attack contradicts.

use plimsoll::guard::{SignedBy, RULES};
use plimsoll_tests::pda;

use super::calls::Call;
use super::mutation::Mutation;
use super::program::Kind;

/// What a mutation that succeeds may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Exactly what the valid call does, to every account but the swapped one and the slots of these names.
    Same(&'static [&'static str]),
    /// The same right exercised on another account: the one that is not named stays as it was.
    OtherTarget,
}

use Effect::{OtherTarget, Same};

/// One allowed mutation.
#[derive(Clone, Copy, Debug)]
pub struct Neutral {
    instruction: &'static str,
    slot: &'static str,
    kind: &'static str,
    /// What it may do.
    pub effect: Effect,
    /// Why.
    reason: &'static str,
}

const fn neutral_to(
    instruction: &'static str,
    slot: &'static str,
    kind: &'static str,
    effect: Effect,
    reason: &'static str,
) -> Neutral {
    Neutral { instruction, slot, kind, effect, reason }
}

const ANY_PAYER: &str = "anyone may pay the rent";
const ANY_SOURCE: &str = "any token account of whoever signs";
const ANY_DESTINATION: &str = "whoever may take the money chooses where it goes";
const AUTHORITYS: &str = "the authority may name every account of its engine";
const UNREAD: &str = "the second source is not read while the first is newer";
const OWN_EVENTS: &str =
    "events are sent to the program's own address, whatever is passed; the address is there, as an \
                          optional account was left out";

/// The list.
pub const NEUTRAL: &[Neutral] = &[
    neutral_to("create_engine", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("grow_registry", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("grow_board", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("grow_feeds", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("register_venue", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("list_bank", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("list_market", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("open_account", "payer", "stranger", Same(&["margin_account"]), "the account stores who paid"),
    neutral_to("propose_change", "payer", "stranger", Same(&["change"]), "the change stores who paid"),
    neutral_to("execute_change", "payer", "stranger", Same(&[]), ANY_PAYER),
    neutral_to("execute_change", "payer=change", "duplicate", Same(&[]), ANY_PAYER),
    neutral_to("execute_change", "payer=rent_payer", "duplicate", Same(&[]), ANY_PAYER),
    neutral_to("execute_change", "oracle 2", "sibling", Same(&[]), "the registry itself"),
    neutral_to("update_venue", "venue", "sibling", OtherTarget, AUTHORITYS),
    neutral_to("update_market", "market", "sibling", OtherTarget, AUTHORITYS),
    neutral_to("list_bank", "mint", "copy", OtherTarget, "the authority may list every mint"),
    neutral_to("list_bank", "mint", "sibling", OtherTarget, "the authority may list every mint"),
    neutral_to("revoke_venue", "margin_account", "other engine", OtherTarget, "the owner's account in another engine"),
    neutral_to("set_delegate", "margin_account", "other engine", OtherTarget, "the owner's account in another engine"),
    neutral_to("approve_venue", "venue", "sibling", OtherTarget, "the owner chooses the venue"),
    neutral_to("report_premium", "market", "sibling", OtherTarget, "the venue reports for both markets"),
    neutral_to("deposit", "source", "copy", Same(&[]), ANY_SOURCE),
    neutral_to("repay", "source", "copy", Same(&[]), ANY_SOURCE),
    neutral_to("fund_insurance", "source", "copy", Same(&[]), ANY_SOURCE),
    neutral_to("withdraw", "destination", "copy", Same(&[]), ANY_DESTINATION),
    neutral_to("withdraw", "destination", "stranger's", Same(&[]), ANY_DESTINATION),
    neutral_to("withdraw", "destination", "other engine's vault", Same(&[]), ANY_DESTINATION),
    neutral_to("borrow", "destination", "copy", Same(&[]), ANY_DESTINATION),
    neutral_to("borrow", "destination", "stranger's", Same(&[]), ANY_DESTINATION),
    neutral_to("collect_fees", "destination", "copy", Same(&[]), ANY_DESTINATION),
    neutral_to("collect_fees", "destination", "stranger's", Same(&[]), ANY_DESTINATION),
    neutral_to("collect_fees", "destination", "other engine's vault", Same(&[]), ANY_DESTINATION),
    neutral_to("withdraw_insurance", "destination", "copy", Same(&[]), ANY_DESTINATION),
    neutral_to("withdraw_insurance", "destination", "stranger's", Same(&[]), ANY_DESTINATION),
    neutral_to("withdraw_insurance", "destination", "other engine's vault", Same(&[]), ANY_DESTINATION),
    neutral_to("settle_fill: a venue", "buyer_authority", "added", Same(&[]), "the venue signs for both sides"),
    neutral_to("settle_fill: a venue", "seller_authority", "added", Same(&[]), "the venue signs for both sides"),
    neutral_to("settle_pnl: a loss", "margin_account", "left out", OtherTarget, "asks for the market's own claim"),
    neutral_to(
        "liquidate_collateral: a borrow, both banks",
        "asset_bank",
        "left out",
        Same(&["liquidator", "liquidatee"]),
        "the asset bank's totals stay; without it shares are counted at the most that its index can be",
    ),
    neutral_to("refresh_price: two primaries", "oracle 0", "one byte short", Same(&[]), "a full update ends before"),
    neutral_to("refresh_price: two primaries", "oracle 1", "one byte short", Same(&[]), "a full update ends before"),
    neutral_to("refresh_price: a pair", "oracle 0", "one byte short", Same(&[]), "a full update ends before"),
    neutral_to("switch_source", "source", "one byte short", Same(&[]), "a full update ends before"),
    neutral_to("refresh_price: a pair", "oracle 1", "copy", Same(&[]), UNREAD),
    neutral_to("refresh_price: a pair", "oracle 1", "sibling", Same(&[]), UNREAD),
    neutral_to("refresh_price: a pair", "oracle 1", "foreign owner", Same(&[]), UNREAD),
    neutral_to("refresh_price: a pair", "oracle 1", "zero discriminator", Same(&[]), UNREAD),
    neutral_to("refresh_price: a pair", "oracle 1", "truncated", Same(&[]), UNREAD),
    neutral_to("refresh_price: a pair", "oracle 1", "one byte short", Same(&[]), UNREAD),
    neutral_to("refresh_price: a pair", "oracle 1", "empty", Same(&[]), UNREAD),
    neutral_to("refresh_price: a pair", "oracle 1", "closed", Same(&[]), UNREAD),
    neutral_to("*", "program", "hostile program", Same(&[]), OWN_EVENTS),
    neutral_to("*", "program", "no program", Same(&[]), OWN_EVENTS),
];

impl Neutral {
    /// What it allows and why.
    pub fn title(&self) -> String {
        format!("{}, {}, {} ({})", self.instruction, self.slot, self.kind, self.reason)
    }

    fn fits(&self, call: &Call, mutation: &Mutation) -> bool {
        let named = match self.instruction {
            "*" => mutation.of == Kind::OwnProgram && left_out(call),
            instruction => instruction == call.name || instruction == call.title(),
        };
        named && self.slot == mutation.slot && self.kind == mutation.kind
    }
}

/// Whether an optional account of the call was left out, which passes the program's own address.
fn left_out(call: &Call) -> bool {
    call.ix.accounts.iter().filter(|meta| meta.pubkey == pda::PROGRAM_ID).count() > 1
}

/// The entry for this mutation.
pub fn neutral(call: &Call, mutation: &Mutation) -> Option<(usize, Effect)> {
    let at = NEUTRAL.iter().position(|entry| entry.fits(call, mutation))?;
    Some((at, NEUTRAL[at].effect))
}

/// Whether it is another account of the engine where nobody in particular signs: each may be named, and what happens to
/// it is [`OtherTarget`] where the call goes through.
pub fn is_anyones(call: &Call, mutation: &Mutation) -> bool {
    let rule = RULES.iter().find(|rule| rule.instruction == call.name).expect("every instruction has a row");
    rule.signed_by == SignedBy::Anyone && mutation.kind == "sibling" && matches!(mutation.of, Kind::Loader(_))
}
