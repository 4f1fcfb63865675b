//! What a change of an engine is: the instruction that was proposed, read back, and what it changes of what is in force.

mod at_once;

use borsh::BorshDeserialize;
use plimsoll_interface::args::{
    ListBankArgs, ListMarketArgs, ListPriceArgs, PriceConfigArgs, ProposeRoleArgs, RampArg, RegisterVenueArgs,
    UpdateBankArgs, UpdateMarketArgs, UpdateParamsArgs, UpdatePriceArgs, UpdateVenueArgs, WithdrawInsuranceArgs,
};
use plimsoll_interface::Outline;
use plimsoll_risk::params::{GlobalParams, MAX_BANKS, MAX_MARKETS};
use plimsoll_risk::ratchet::{Change, Effect, Ratcheted, Verdict};
use plimsoll_state::{change_flag, Bank, FeedBook, Market, PendingChange, PriceBoard, Registry, Venue};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::ix;
use crate::pda::EngineKeys;

/// Bytes that name an instruction.
const DISCRIMINATOR_LEN: usize = 8;

/// The instruction that some data begin like, of all that the program has.
pub fn outline(data: &[u8]) -> Option<&'static Outline> {
    let named = data.get(..DISCRIMINATOR_LEN)?;
    plimsoll_interface::outlines().find(|outline| outline.discriminator == named)
}

/// Whether a change that was proposed is this instruction, whoever pays in it.
pub fn is_same(change: &PendingChange, instruction: &Instruction) -> bool {
    let same = change.accounts().iter().zip(&instruction.accounts).all(|(proposed, asked)| {
        let pays = proposed.flags & change_flag::PAYER != 0;
        pays || Pubkey::new_from_array(proposed.key) == asked.pubkey
    });
    same && change.data() == instruction.data && change.accounts().len() == instruction.accounts.len()
}

/// What an instruction asks for, of those that a change can execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Other parameters.
    Params(Box<GlobalParams>),
    /// Another configuration of a price.
    Price(UpdatePriceArgs),
    /// Another configuration of a bank.
    Bank {
        /// Its slot.
        bank: u8,
        /// The configuration.
        args: UpdateBankArgs,
    },
    /// Other terms of a market.
    Market {
        /// Its slot.
        market: u8,
        /// The terms.
        args: UpdateMarketArgs,
    },
    /// Other permissions of a venue.
    Venue {
        /// Its address.
        venue: Pubkey,
        /// The permissions.
        args: UpdateVenueArgs,
    },
    /// A new venue.
    RegisterVenue(RegisterVenueArgs),
    /// A new price.
    ListPrice(ListPriceArgs),
    /// A new bank.
    ListBank(ListBankArgs),
    /// A new market.
    ListMarket(ListMarketArgs),
    /// A successor in a role.
    ProposeRole(ProposeRoleArgs),
    /// Insurance that leaves, to the token account of this address.
    WithdrawInsurance {
        /// The bank's slot.
        bank: u8,
        /// Who receives it.
        destination: Pubkey,
        /// At most how much.
        args: WithdrawInsuranceArgs,
    },
}

impl Asked {
    /// Reads data and the addresses of accounts; none of an instruction that no change can execute.
    pub fn read(keys: &EngineKeys, data: &[u8], accounts: &[Pubkey]) -> Option<Self> {
        let outline = outline(data)?;
        let args = data.get(DISCRIMINATOR_LEN..)?;
        let account = |name: &str| {
            let place = outline.accounts.iter().position(|(known, _)| *known == name)?;
            accounts.get(place).copied()
        };
        Some(match outline.name {
            "update_params" => Self::Params(Box::new(read::<UpdateParamsArgs>(args)?.params.into())),
            "update_price" => Self::Price(read(args)?),
            "update_bank" => Self::Bank { bank: bank_of(keys, account("bank")?)?, args: read(args)? },
            "update_market" => {
                let address = account("market")?;
                let market = (0..MAX_MARKETS as u8).find(|market| keys.market(*market) == address)?;
                Self::Market { market, args: read(args)? }
            }
            "update_venue" => Self::Venue { venue: account("venue")?, args: read(args)? },
            "register_venue" => Self::RegisterVenue(read(args)?),
            "list_price" => Self::ListPrice(read(args)?),
            "list_bank" => Self::ListBank(read(args)?),
            "list_market" => Self::ListMarket(read(args)?),
            "propose_role" => Self::ProposeRole(read(args)?),
            "withdraw_insurance" => Self::WithdrawInsurance {
                bank: bank_of(keys, account("bank")?)?,
                destination: account("destination")?,
                args: read(args)?,
            },
            _ => return None,
        })
    }

    /// As [`Asked::read`], of an instruction.
    pub fn of(keys: &EngineKeys, instruction: &Instruction) -> Option<Self> {
        let accounts: Vec<Pubkey> = instruction.accounts.iter().map(|meta| meta.pubkey).collect();
        Self::read(keys, &instruction.data, &accounts)
    }

    /// As [`Asked::read`], of a change that was proposed.
    pub fn proposed(keys: &EngineKeys, change: &PendingChange) -> Option<Self> {
        let accounts: Vec<Pubkey> =
            change.accounts().iter().map(|account| Pubkey::new_from_array(account.key)).collect();
        Self::read(keys, change.data(), &accounts)
    }
}

impl Asked {
    /// The instruction that asks for it, of those that change what exists: signed by `signer`. None of a listing, a new venue
    /// and a successor, which name keys beside.
    pub fn update(&self, keys: &EngineKeys, signer: Pubkey) -> Option<Instruction> {
        Some(match self {
            Self::Params(params) => ix::update_params(keys, signer, params),
            Self::Price(args) => ix::update_price(keys, signer, *args),
            Self::Bank { bank, args } => ix::update_bank(keys, signer, *bank, *args),
            Self::Market { market, args } => ix::update_market(keys, signer, *market, *args),
            Self::Venue { venue, args } => ix::update_venue(keys, signer, *venue, *args),
            Self::RegisterVenue(_)
            | Self::ListPrice(_)
            | Self::ListBank(_)
            | Self::ListMarket(_)
            | Self::ProposeRole(_)
            | Self::WithdrawInsurance { .. } => return None,
        })
    }
}

/// The slot of the bank at an address.
fn bank_of(keys: &EngineKeys, address: Pubkey) -> Option<u8> {
    (0..MAX_BANKS as u8).find(|bank| keys.bank(*bank).bank == address)
}

fn read<T: BorshDeserialize>(data: &[u8]) -> Option<T> {
    T::try_from_slice(data).ok()
}

/// What is in force of an engine.
#[derive(Clone, Copy, Debug)]
pub struct InForce<'a> {
    /// Parameters, weights, rates.
    pub registry: &'a Registry,
    /// Prices.
    pub board: &'a PriceBoard,
    /// Where they come from.
    pub feeds: &'a FeedBook,
    /// Banks by slot.
    pub banks: &'a [Bank],
    /// Markets by slot.
    pub markets: &'a [Market],
    /// Venues by address.
    pub venues: &'a [(Pubkey, Venue)],
}

impl InForce<'_> {
    /// Everything that `asked` asks to be another, and what that does to users; none where what it would change is not
    /// there. What is listed and who holds a role is no number: it waits.
    pub fn changes(&self, asked: &Asked) -> Option<Vec<Change>> {
        let mut found = Vec::new();
        let mut note = |change| found.push(change);
        match asked {
            Asked::Params(params) => self.registry.params().changes(params, &mut note),
            Asked::Price(args) => {
                let (slot, feed) =
                    (self.board.slots.get(args.slot as usize)?, self.feeds.feeds.get(args.slot as usize)?);
                PriceConfigArgs::in_force(feed, slot).changes(&args.config, &mut note);
            }
            Asked::Bank { bank, args } => {
                let (account, slot) = (self.banks.get(*bank as usize)?, self.registry.bank(*bank as usize)?);
                UpdateBankArgs::in_force(account, slot).changes(args, &mut note);
            }
            Asked::Market { market, args } => {
                let (account, slot) = (self.markets.get(*market as usize)?, self.registry.market(*market as usize)?);
                UpdateMarketArgs::in_force(account, slot).changes(args, &mut note);
            }
            Asked::Venue { venue, args } => {
                let (_, held) = self.venues.iter().find(|(address, _)| address == venue)?;
                UpdateVenueArgs::in_force(held).changes(args, &mut note);
            }
            Asked::RegisterVenue(args) => UpdateVenueArgs::NEW.changes(&args.permissions(), &mut note),
            Asked::ListPrice(_) => note(whole("list_price")),
            Asked::ListBank(_) => note(whole("list_bank")),
            Asked::ListMarket(_) => note(whole("list_market")),
            Asked::ProposeRole(_) => note(whole("propose_role")),
            Asked::WithdrawInsurance { .. } => note(whole("withdraw_insurance")),
        }
        Some(found)
    }

    /// The first change of each kind.
    pub fn verdict(&self, asked: &Asked) -> Option<Verdict> {
        let mut verdict = Verdict::default();
        self.changes(asked)?.into_iter().for_each(|change| verdict.note(change));
        Some(verdict)
    }
}

/// Whatever of an engine moves by a ramp.
pub fn ramps(registry: &Registry) -> Vec<RampArg> {
    let params = (registry.params_ramped_at != 0).then_some(RampArg::Params);
    let banks = registry.banks.iter().zip(0u8..).filter(|(slot, _)| slot.ramped_at != 0);
    let markets = registry.markets.iter().zip(0u8..).filter(|(slot, _)| slot.ramped_at != 0);
    let slots = banks.map(|(_, slot)| RampArg::Bank(slot)).chain(markets.map(|(_, slot)| RampArg::Market(slot)));
    params.into_iter().chain(slots).collect()
}

/// What waits whatever its numbers are.
const fn whole(name: &'static str) -> Change {
    Change { name, numbers: None, effect: Effect::Waits }
}

#[cfg(test)]
mod tests {
    use bytemuck::{zeroed_box, Zeroable};
    use plimsoll_interface::args::{OracleSourceArgs, RoleArg};
    use plimsoll_state::{ChangeAccount, SlotStatus, StoredParams};

    use super::*;

    fn keys() -> EngineKeys {
        EngineKeys::created_by(&Pubkey::new_from_array([7; 32]), 0)
    }

    /// As the program stores it.
    fn proposed(instruction: &Instruction) -> PendingChange {
        let mut change = PendingChange::zeroed();
        (change.account_count, change.data_len) = (instruction.accounts.len() as u8, instruction.data.len() as u16);
        change.data[..instruction.data.len()].copy_from_slice(&instruction.data);
        for (stored, meta) in change.accounts.iter_mut().zip(&instruction.accounts) {
            let pays = meta.is_signer && meta.pubkey != keys().executor();
            *stored = ChangeAccount { key: meta.pubkey.to_bytes(), flags: 0 };
            if pays {
                *stored = ChangeAccount { key: [0; 32], flags: change_flag::PAYER };
            }
        }
        change
    }

    fn instructions(keys: &EngineKeys) -> Vec<(Instruction, Asked)> {
        let (by, payer) = (keys.executor(), Pubkey::new_from_array([9; 32]));
        let params = GlobalParams::DEFAULT;
        let bank = UpdateBankArgs { reduce_only: true, config: Default::default() };
        let market = UpdateMarketArgs { status: 2, terms: Default::default() };
        let price = UpdatePriceArgs { slot: 3, config: Default::default() };
        let venue = UpdateVenueArgs { active: true, settle_markets: 3, premium_markets: 1 };
        let register = RegisterVenueArgs { signer: payer, settle_markets: 3, premium_markets: 0 };
        let list_price = ListPriceArgs { slot: 4, config: Default::default(), variance_prior_pico_per_sec: Some(5) };
        let list_bank = ListBankArgs { index: 2, price_slot: 3, config: Default::default() };
        let role = ProposeRoleArgs { role: RoleArg::Guardian, key: Some(payer) };
        let token = ix::Token { bank: 6, mint: by, token_program: by };
        let most = WithdrawInsuranceArgs { most_atoms: 7 };
        vec![
            (ix::update_params(keys, by, &params), Asked::Params(Box::new(params))),
            (ix::update_price(keys, by, price), Asked::Price(price)),
            (ix::update_bank(keys, by, 11, bank), Asked::Bank { bank: 11, args: bank }),
            (ix::update_market(keys, by, 5, market), Asked::Market { market: 5, args: market }),
            (ix::update_venue(keys, by, payer, venue), Asked::Venue { venue: payer, args: venue }),
            (ix::register_venue(keys, by, payer, register), Asked::RegisterVenue(register)),
            (ix::list_price(keys, by, list_price), Asked::ListPrice(list_price)),
            (ix::list_bank(keys, by, payer, (payer, payer), list_bank), Asked::ListBank(list_bank)),
            (ix::propose_role(keys, by, role.role, role.key), Asked::ProposeRole(role)),
            (
                ix::withdraw_insurance(keys, &token, by, payer, most),
                Asked::WithdrawInsurance { bank: 6, destination: payer, args: most },
            ),
        ]
    }

    #[test]
    fn a_change_is_read_back_as_the_instruction_that_was_proposed() {
        let keys = keys();
        let all = instructions(&keys);
        for (place, (instruction, asked)) in all.iter().enumerate() {
            let change = proposed(instruction);
            assert_eq!(Asked::proposed(&keys, &change).as_ref(), Some(asked));
            assert_eq!(Asked::of(&keys, instruction).as_ref(), Some(asked));
            let again = asked.update(&keys, keys.executor());
            assert_eq!(again.as_ref().unwrap_or(instruction), instruction);
            assert_eq!(again.is_some(), place < 5);
            for (other, (instruction, _)) in all.iter().enumerate() {
                assert_eq!(is_same(&change, instruction), place == other, "{place} {other}");
            }
        }
        // Of another bank.
        let (other, _) = &all[2];
        let mut change = proposed(other);
        change.accounts[4].key = keys.bank(12).bank.to_bytes();
        assert!(!is_same(&change, other));
        let pause = ix::unpause(&keys, keys.executor(), 1);
        assert_eq!(Asked::of(&keys, &pause), None);
        assert_eq!(outline(&pause.data).map(|outline| outline.name), Some("set_pause"));
    }

    #[test]
    fn what_ramps_is_found() {
        let mut registry: Box<Registry> = zeroed_box();
        assert_eq!(ramps(&registry), []);
        (registry.params_ramped_at, registry.banks[3].ramped_at, registry.markets[31].ramped_at) = (1, 1, 1);
        assert_eq!(ramps(&registry), [RampArg::Params, RampArg::Bank(3), RampArg::Market(31)]);
    }

    #[test]
    fn what_would_change_is_named_with_what_it_does() {
        let (mut registry, board, feeds): (Box<Registry>, Box<PriceBoard>, Box<FeedBook>) =
            (zeroed_box(), zeroed_box(), zeroed_box());
        registry.params = StoredParams(GlobalParams::DEFAULT);
        registry.banks[0].status = SlotStatus::Active as u8;
        let (banks, venues) = ([Bank::zeroed()], [(Pubkey::default(), Venue::zeroed())]);
        let in_force =
            InForce { registry: &registry, board: &board, feeds: &feeds, banks: &banks, markets: &[], venues: &venues };
        let held = UpdateBankArgs::in_force(&banks[0], &registry.banks[0]);
        let args = UpdateBankArgs { reduce_only: true, ..held };
        let mut config = args.config;
        config.deposit_cap_atoms = 5;
        let named = |asked: &Asked| {
            let changes = in_force.changes(asked)?;
            Some(changes.into_iter().map(|change| (change.name, change.effect)).collect::<Vec<_>>())
        };
        let both = Asked::Bank { bank: 0, args: UpdateBankArgs { config, ..args } };
        let expected = vec![("reduce_only", Effect::AtOnce), ("deposit_cap_atoms", Effect::Waits)];
        assert_eq!(named(&both), Some(expected));
        assert_eq!(in_force.verdict(&both).unwrap().waits.unwrap().numbers, Some((0, 5)));
        assert_eq!(named(&Asked::Bank { bank: 1, args }), None, "there is no such bank");
        assert_eq!(named(&Asked::Params(Box::new(GlobalParams::DEFAULT))), Some(vec![]));
        let role = ProposeRoleArgs { role: RoleArg::Guardian, key: None };
        assert_eq!(named(&Asked::ProposeRole(role)), Some(vec![("propose_role", Effect::Waits)]));
        let price = UpdatePriceArgs {
            slot: 0,
            config: PriceConfigArgs { secondary: Some(OracleSourceArgs::default()), ..Default::default() },
        };
        assert!(named(&Asked::Price(price)).is_some_and(|changes| !changes.is_empty()));
    }
}
