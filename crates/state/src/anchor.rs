//! Anchor's traits for the accounts, behind a feature so that clients need no Anchor.

#[cfg(feature = "anchor")]
mod implementation {
    macro_rules! anchor_account {
        ($($type:ident),+) => {$(
            impl anchor_lang::Owner for crate::$type {
                fn owner() -> anchor_lang::prelude::Pubkey {
                    anchor_lang::prelude::Pubkey::new_from_array(crate::PROGRAM_ID_BYTES)
                }
            }
            impl anchor_lang::Discriminator for crate::$type {
                const DISCRIMINATOR: &'static [u8] = &<crate::$type as crate::EngineAccount>::ACCOUNT_DISCRIMINATOR;
            }
            impl anchor_lang::ZeroCopy for crate::$type {}
            #[cfg(feature = "idl-build")]
            impl anchor_lang::IdlBuild for crate::$type {}
        )+};
    }

    anchor_account!(Engine, Registry, PriceBoard, FeedBook, Bank, Market, MarginAccount, PendingChange, Venue);
}
