//! The other engine as an attacker would build it.

use anchor_lang::prelude::Pubkey;
use plimsoll_state::{Bank, Engine, EngineAccount, FeedBook, MarginAccount, Market, PriceBoard, Registry, Venue};

use super::stage::Stage;
use crate::*;

/// Where the engine's address stands in every account that belongs to one.
const ENGINE: std::ops::Range<usize> = 16..48;
/// Where a bank names its vault.
const VAULT: std::ops::Range<usize> = 80..112;

/// Makes the other engine's accounts the same as ours but for what names the engine: what an attacker would build, so
/// that nothing but a comparison of engines keeps them out.
pub(super) fn mirror(stage: &mut Stage) {
    let engine = stage.world.keys.engine;
    let all = stage.world.svm.get_program_accounts(&pda::PROGRAM_ID);
    let ours = |data: &[u8]| data.get(ENGINE) == Some(engine.as_ref());
    for (key, account) in all.iter().filter(|(key, account)| *key != engine && ours(&account.data)) {
        let Some(twin) = twin(stage, key) else { continue };
        let mut copy = stage.world.svm.get_account(&twin).expect("the twin exists");
        let theirs = std::mem::replace(&mut copy.data, account.data.clone());
        copy.data[ENGINE].copy_from_slice(&theirs[ENGINE]);
        // Bumps of the address and of a bank's vault.
        copy.data[9] = theirs[9];
        if account.data[..8] == Bank::ACCOUNT_DISCRIMINATOR {
            copy.data[10] = theirs[10];
            copy.data[VAULT].copy_from_slice(&theirs[VAULT]);
            let index = account.data[11];
            let atoms = stage.world.token_balance(&stage.world.keys.bank(index).vault);
            let (mint, vault) = (stage.world.mints[index as usize], stage.other.bank(index).vault);
            stage.world.mint_to(&mint, &vault, atoms);
        }
        stage.world.put(&twin, copy);
    }
}

/// The account of the other engine with the same part, owner, index or signer.
pub fn twin(stage: &Stage, key: &Pubkey) -> Option<Pubkey> {
    let account = stage.world.svm.get_account(key).filter(|account| account.owner == pda::PROGRAM_ID)?;
    let data = account.data.get(8..)?;
    let discriminator: [u8; 8] = account.data[..8].try_into().expect("eight bytes");
    let theirs = stage.other;
    let address = || Pubkey::try_from(&data[40..72]).expect("32 bytes");
    let twin = match discriminator {
        Engine::ACCOUNT_DISCRIMINATOR => theirs.engine,
        Registry::ACCOUNT_DISCRIMINATOR => theirs.registry,
        PriceBoard::ACCOUNT_DISCRIMINATOR => theirs.board,
        FeedBook::ACCOUNT_DISCRIMINATOR => theirs.feeds,
        Bank::ACCOUNT_DISCRIMINATOR => theirs.bank(data[3]).bank,
        Market::ACCOUNT_DISCRIMINATOR => theirs.market(data[2]),
        MarginAccount::ACCOUNT_DISCRIMINATOR => theirs.margin_account(&address(), 0),
        Venue::ACCOUNT_DISCRIMINATOR => theirs.venue(&address()),
        _ => return None,
    };
    stage.world.svm.get_account(&twin).map(|_| twin)
}
