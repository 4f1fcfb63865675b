// Generated from the interface description; do not edit.
import {
    getAccountClosedDecoder,
    type AccountClosed,
    getAccountGrownDecoder,
    type AccountGrown,
    getAccountMigratedDecoder,
    type AccountMigrated,
    getAccountOpenedDecoder,
    type AccountOpened,
    getBankAccruedDecoder,
    type BankAccrued,
    getBankListedDecoder,
    type BankListed,
    getBankUpdatedDecoder,
    type BankUpdated,
    getBankruptcyFrozenDecoder,
    type BankruptcyFrozen,
    getBankruptcyResolvedDecoder,
    type BankruptcyResolved,
    getBorrowResolvedDecoder,
    type BorrowResolved,
    getBorrowedDecoder,
    type Borrowed,
    getChangeCancelledDecoder,
    type ChangeCancelled,
    getChangeExecutedDecoder,
    type ChangeExecuted,
    getChangeProposedDecoder,
    type ChangeProposed,
    getCollateralLiquidatedDecoder,
    type CollateralLiquidated,
    getDelegateSetDecoder,
    type DelegateSet,
    getDepositedDecoder,
    type Deposited,
    getEngineCreatedDecoder,
    type EngineCreated,
    getEngineLaunchedDecoder,
    type EngineLaunched,
    getFeesCollectedDecoder,
    type FeesCollected,
    getFillSettledDecoder,
    type FillSettled,
    getFundingCrankedDecoder,
    type FundingCranked,
    getInsuranceFundedDecoder,
    type InsuranceFunded,
    getInsuranceReservedDecoder,
    type InsuranceReserved,
    getInsuranceSweptDecoder,
    type InsuranceSwept,
    getInsuranceWithdrawnDecoder,
    type InsuranceWithdrawn,
    getMarginCalledDecoder,
    type MarginCalled,
    getMarketListedDecoder,
    type MarketListed,
    getParamsUpdatedDecoder,
    type ParamsUpdated,
    getPauseSetDecoder,
    type PauseSet,
    getPnlResolvedDecoder,
    type PnlResolved,
    getPnlSeizedDecoder,
    type PnlSeized,
    getPnlSettledDecoder,
    type PnlSettled,
    getPositionLiquidatedDecoder,
    type PositionLiquidated,
    getPositionTouchedDecoder,
    type PositionTouched,
    getPremiumReportedDecoder,
    type PremiumReported,
    getPriceHaltedDecoder,
    type PriceHalted,
    getPriceListedDecoder,
    type PriceListed,
    getPriceUpdatedDecoder,
    type PriceUpdated,
    getRampAdvancedDecoder,
    type RampAdvanced,
    getRepaidDecoder,
    type Repaid,
    getRoleAcceptedDecoder,
    type RoleAccepted,
    getRoleProposedDecoder,
    type RoleProposed,
    getSourceSwitchedDecoder,
    type SourceSwitched,
    getTokenSeizedDecoder,
    type TokenSeized,
    getVenueApprovedDecoder,
    type VenueApproved,
    getVenueRevokedDecoder,
    type VenueRevoked,
    getVenueSetDecoder,
    type VenueSet,
    getWithdrawnDecoder,
    type Withdrawn,
} from './types/index.js';

/** An event of the program, by name. */
export type EngineEvent =
    | { name: 'AccountClosed'; data: AccountClosed }
    | { name: 'AccountGrown'; data: AccountGrown }
    | { name: 'AccountMigrated'; data: AccountMigrated }
    | { name: 'AccountOpened'; data: AccountOpened }
    | { name: 'BankAccrued'; data: BankAccrued }
    | { name: 'BankListed'; data: BankListed }
    | { name: 'BankUpdated'; data: BankUpdated }
    | { name: 'BankruptcyFrozen'; data: BankruptcyFrozen }
    | { name: 'BankruptcyResolved'; data: BankruptcyResolved }
    | { name: 'BorrowResolved'; data: BorrowResolved }
    | { name: 'Borrowed'; data: Borrowed }
    | { name: 'ChangeCancelled'; data: ChangeCancelled }
    | { name: 'ChangeExecuted'; data: ChangeExecuted }
    | { name: 'ChangeProposed'; data: ChangeProposed }
    | { name: 'CollateralLiquidated'; data: CollateralLiquidated }
    | { name: 'DelegateSet'; data: DelegateSet }
    | { name: 'Deposited'; data: Deposited }
    | { name: 'EngineCreated'; data: EngineCreated }
    | { name: 'EngineLaunched'; data: EngineLaunched }
    | { name: 'FeesCollected'; data: FeesCollected }
    | { name: 'FillSettled'; data: FillSettled }
    | { name: 'FundingCranked'; data: FundingCranked }
    | { name: 'InsuranceFunded'; data: InsuranceFunded }
    | { name: 'InsuranceReserved'; data: InsuranceReserved }
    | { name: 'InsuranceSwept'; data: InsuranceSwept }
    | { name: 'InsuranceWithdrawn'; data: InsuranceWithdrawn }
    | { name: 'MarginCalled'; data: MarginCalled }
    | { name: 'MarketListed'; data: MarketListed }
    | { name: 'ParamsUpdated'; data: ParamsUpdated }
    | { name: 'PauseSet'; data: PauseSet }
    | { name: 'PnlResolved'; data: PnlResolved }
    | { name: 'PnlSeized'; data: PnlSeized }
    | { name: 'PnlSettled'; data: PnlSettled }
    | { name: 'PositionLiquidated'; data: PositionLiquidated }
    | { name: 'PositionTouched'; data: PositionTouched }
    | { name: 'PremiumReported'; data: PremiumReported }
    | { name: 'PriceHalted'; data: PriceHalted }
    | { name: 'PriceListed'; data: PriceListed }
    | { name: 'PriceUpdated'; data: PriceUpdated }
    | { name: 'RampAdvanced'; data: RampAdvanced }
    | { name: 'Repaid'; data: Repaid }
    | { name: 'RoleAccepted'; data: RoleAccepted }
    | { name: 'RoleProposed'; data: RoleProposed }
    | { name: 'SourceSwitched'; data: SourceSwitched }
    | { name: 'TokenSeized'; data: TokenSeized }
    | { name: 'VenueApproved'; data: VenueApproved }
    | { name: 'VenueRevoked'; data: VenueRevoked }
    | { name: 'VenueSet'; data: VenueSet }
    | { name: 'Withdrawn'; data: Withdrawn };

/** Discriminator and decoder of every event. */
export const ENGINE_EVENTS = [
    { name: 'AccountClosed', discriminator: [19, 250, 79, 236, 91, 80, 148, 48], decoder: getAccountClosedDecoder() },
    { name: 'AccountGrown', discriminator: [204, 171, 145, 81, 172, 239, 55, 209], decoder: getAccountGrownDecoder() },
    { name: 'AccountMigrated', discriminator: [153, 121, 252, 128, 30, 241, 166, 101], decoder: getAccountMigratedDecoder() },
    { name: 'AccountOpened', discriminator: [250, 89, 39, 67, 35, 119, 126, 63], decoder: getAccountOpenedDecoder() },
    { name: 'BankAccrued', discriminator: [27, 151, 170, 149, 241, 107, 97, 110], decoder: getBankAccruedDecoder() },
    { name: 'BankListed', discriminator: [82, 130, 114, 184, 232, 152, 104, 100], decoder: getBankListedDecoder() },
    { name: 'BankUpdated', discriminator: [198, 113, 132, 53, 29, 57, 175, 56], decoder: getBankUpdatedDecoder() },
    { name: 'BankruptcyFrozen', discriminator: [40, 3, 239, 232, 17, 224, 131, 62], decoder: getBankruptcyFrozenDecoder() },
    { name: 'BankruptcyResolved', discriminator: [94, 86, 196, 195, 106, 72, 227, 169], decoder: getBankruptcyResolvedDecoder() },
    { name: 'BorrowResolved', discriminator: [182, 145, 176, 244, 112, 56, 134, 189], decoder: getBorrowResolvedDecoder() },
    { name: 'Borrowed', discriminator: [225, 182, 241, 78, 34, 145, 253, 230], decoder: getBorrowedDecoder() },
    { name: 'ChangeCancelled', discriminator: [139, 179, 97, 81, 214, 21, 119, 93], decoder: getChangeCancelledDecoder() },
    { name: 'ChangeExecuted', discriminator: [50, 115, 8, 12, 139, 8, 191, 26], decoder: getChangeExecutedDecoder() },
    { name: 'ChangeProposed', discriminator: [170, 10, 10, 8, 244, 196, 146, 151], decoder: getChangeProposedDecoder() },
    { name: 'CollateralLiquidated', discriminator: [148, 42, 28, 104, 72, 50, 124, 98], decoder: getCollateralLiquidatedDecoder() },
    { name: 'DelegateSet', discriminator: [103, 126, 239, 131, 201, 31, 212, 253], decoder: getDelegateSetDecoder() },
    { name: 'Deposited', discriminator: [111, 141, 26, 45, 161, 35, 100, 57], decoder: getDepositedDecoder() },
    { name: 'EngineCreated', discriminator: [115, 53, 191, 124, 85, 81, 135, 177], decoder: getEngineCreatedDecoder() },
    { name: 'EngineLaunched', discriminator: [0, 161, 146, 152, 13, 233, 128, 22], decoder: getEngineLaunchedDecoder() },
    { name: 'FeesCollected', discriminator: [233, 23, 117, 225, 107, 178, 254, 8], decoder: getFeesCollectedDecoder() },
    { name: 'FillSettled', discriminator: [47, 107, 42, 146, 115, 71, 20, 119], decoder: getFillSettledDecoder() },
    { name: 'FundingCranked', discriminator: [121, 240, 240, 213, 178, 226, 113, 140], decoder: getFundingCrankedDecoder() },
    { name: 'InsuranceFunded', discriminator: [158, 72, 23, 80, 138, 56, 33, 206], decoder: getInsuranceFundedDecoder() },
    { name: 'InsuranceReserved', discriminator: [249, 121, 236, 229, 191, 233, 113, 204], decoder: getInsuranceReservedDecoder() },
    { name: 'InsuranceSwept', discriminator: [71, 241, 247, 53, 59, 217, 227, 251], decoder: getInsuranceSweptDecoder() },
    { name: 'InsuranceWithdrawn', discriminator: [85, 95, 150, 170, 148, 235, 180, 156], decoder: getInsuranceWithdrawnDecoder() },
    { name: 'MarginCalled', discriminator: [11, 36, 230, 128, 84, 84, 219, 94], decoder: getMarginCalledDecoder() },
    { name: 'MarketListed', discriminator: [29, 11, 143, 239, 139, 12, 79, 19], decoder: getMarketListedDecoder() },
    { name: 'ParamsUpdated', discriminator: [2, 163, 138, 99, 135, 11, 136, 169], decoder: getParamsUpdatedDecoder() },
    { name: 'PauseSet', discriminator: [175, 57, 198, 136, 192, 66, 204, 73], decoder: getPauseSetDecoder() },
    { name: 'PnlResolved', discriminator: [202, 10, 243, 221, 129, 232, 147, 116], decoder: getPnlResolvedDecoder() },
    { name: 'PnlSeized', discriminator: [147, 91, 96, 118, 175, 99, 251, 100], decoder: getPnlSeizedDecoder() },
    { name: 'PnlSettled', discriminator: [24, 113, 104, 254, 135, 46, 95, 203], decoder: getPnlSettledDecoder() },
    { name: 'PositionLiquidated', discriminator: [40, 107, 90, 214, 96, 30, 61, 128], decoder: getPositionLiquidatedDecoder() },
    { name: 'PositionTouched', discriminator: [153, 185, 65, 58, 11, 29, 240, 8], decoder: getPositionTouchedDecoder() },
    { name: 'PremiumReported', discriminator: [45, 237, 87, 135, 225, 126, 109, 167], decoder: getPremiumReportedDecoder() },
    { name: 'PriceHalted', discriminator: [174, 128, 184, 168, 114, 203, 33, 12], decoder: getPriceHaltedDecoder() },
    { name: 'PriceListed', discriminator: [226, 202, 149, 122, 125, 212, 169, 237], decoder: getPriceListedDecoder() },
    { name: 'PriceUpdated', discriminator: [154, 72, 87, 150, 246, 230, 23, 217], decoder: getPriceUpdatedDecoder() },
    { name: 'RampAdvanced', discriminator: [78, 139, 118, 245, 67, 229, 142, 17], decoder: getRampAdvancedDecoder() },
    { name: 'Repaid', discriminator: [38, 248, 231, 7, 150, 164, 172, 23], decoder: getRepaidDecoder() },
    { name: 'RoleAccepted', discriminator: [130, 219, 17, 167, 202, 238, 104, 50], decoder: getRoleAcceptedDecoder() },
    { name: 'RoleProposed', discriminator: [168, 105, 155, 70, 211, 61, 123, 252], decoder: getRoleProposedDecoder() },
    { name: 'SourceSwitched', discriminator: [75, 22, 169, 127, 107, 66, 116, 27], decoder: getSourceSwitchedDecoder() },
    { name: 'TokenSeized', discriminator: [130, 121, 96, 252, 214, 37, 13, 63], decoder: getTokenSeizedDecoder() },
    { name: 'VenueApproved', discriminator: [224, 4, 67, 188, 7, 196, 137, 102], decoder: getVenueApprovedDecoder() },
    { name: 'VenueRevoked', discriminator: [134, 122, 138, 178, 112, 175, 131, 35], decoder: getVenueRevokedDecoder() },
    { name: 'VenueSet', discriminator: [8, 118, 132, 131, 255, 165, 181, 202], decoder: getVenueSetDecoder() },
    { name: 'Withdrawn', discriminator: [20, 89, 223, 198, 194, 124, 219, 13], decoder: getWithdrawnDecoder() },
] as const;
