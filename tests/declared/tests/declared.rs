//! What `declare_program!` makes of the committed description is what the engine's own crates say.

use anchor_lang::{AnchorDeserialize, AnchorSerialize, Discriminator, InstructionData, ToAccountMetas};
use bytemuck::Zeroable;
use plimsoll_declared::plimsoll::{self, accounts, client, events, types};
use plimsoll_interface as interface;
use plimsoll_state::EngineAccount;
use solana_pubkey::Pubkey;

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

#[test]
fn calls_are_those_of_the_interface_crate() {
    assert_eq!(plimsoll::ID, interface::ID);
    let (event_authority, program) = (interface::pda::event_authority().0, plimsoll::ID);
    let ours = interface::deposit(
        &interface::Deposit {
            authority: key(1),
            margin_account: key(2),
            registry: key(3),
            board: key(4),
            bank: key(5),
            vault: key(6),
            source: key(7),
            mint: key(8),
            token_program: key(9),
        },
        77,
    );
    let declared = client::accounts::Deposit {
        authority: key(1),
        margin_account: key(2),
        registry: key(3),
        board: key(4),
        bank: key(5),
        vault: key(6),
        source: key(7),
        mint: key(8),
        token_program: key(9),
        event_authority,
        program,
    };
    assert_eq!(ours.accounts, declared.to_account_metas(None));
    assert_eq!(ours.data, client::args::Deposit { args: types::DepositArgs { amount_atoms: 77 } }.data());

    let ours =
        interface::check_margin(&interface::CheckMargin { margin_account: key(1), registry: key(2), board: key(3) }, 3);
    let declared = client::accounts::CheckMargin { margin_account: key(1), registry: key(2), board: key(3) };
    assert_eq!(ours.accounts, declared.to_account_metas(None));
    assert_eq!(ours.data, client::args::CheckMargin { args: types::CheckMarginArgs { views: 3 } }.data());
}

#[test]
fn accounts_have_the_engines_layout() {
    macro_rules! same {
        ($($account:ident)+) => {$(
            assert_eq!(
                core::mem::size_of::<accounts::$account>(),
                core::mem::size_of::<plimsoll_state::$account>(),
                stringify!($account),
            );
            assert_eq!(
                accounts::$account::DISCRIMINATOR,
                plimsoll_state::$account::ACCOUNT_DISCRIMINATOR,
                stringify!($account),
            );
        )+};
    }
    same!(Engine Registry PriceBoard FeedBook Bank Market MarginAccount Venue);

    let mut market = plimsoll_state::Market::zeroed();
    market.premium_integral.set(-5);
    market.deficit_atoms = 9;
    let declared: &accounts::Market = bytemuck::from_bytes(bytemuck::bytes_of(&market));
    assert_eq!(i128::from_le_bytes(declared.premium_integral.bytes), -5);
    assert_eq!(declared.deficit_atoms, 9);
}

#[test]
fn events_have_the_engines_fields() {
    let event = events::Deposited {
        engine: key(1),
        authority: key(2),
        moved: types::TokenMove::deserialize(&mut &[7; 300][..]).expect("it is in these bytes"),
    };
    let mut bytes = Vec::new();
    event.serialize(&mut bytes).expect("it is written into memory");
    assert_eq!(bytes[..64], [key(1).to_bytes(), key(2).to_bytes()].concat());
    assert!(bytes[64..].iter().all(|byte| *byte == 7) && bytes.len() > 64);
}
