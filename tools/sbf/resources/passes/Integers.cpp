// Integer operations of sbpf-libcalls.
#include "Lowering.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/KnownBits.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace sbpf;

namespace {

/// A number's sign as a mask of all its bits, and its magnitude.
struct SignAndMagnitude {
  Value *Sign;
  Value *Magnitude;

  SignAndMagnitude(IRBuilder<> &B, Value *V)
      : Sign(B.CreateAShr(V, V->getType()->getIntegerBitWidth() - 1)), Magnitude(applySign(B, V, Sign)) {}

  /// Negates where the mask is set.
  static Value *applySign(IRBuilder<> &B, Value *V, Value *Sign) { return B.CreateSub(B.CreateXor(V, Sign), Sign); }
};

} // namespace

// The instruction set has no signed division.
static Value *expandSignedDivision(IRBuilder<> &B, BinaryOperator &I) {
  SignAndMagnitude N(B, I.getOperand(0)), D(B, I.getOperand(1));
  if (I.getOpcode() == Instruction::SRem)
    return SignAndMagnitude::applySign(B, B.CreateURem(N.Magnitude, D.Magnitude), N.Sign);
  Value *Quotient = B.CreateUDiv(N.Magnitude, D.Magnitude);
  return SignAndMagnitude::applySign(B, Quotient, B.CreateXor(N.Sign, D.Sign));
}

static StringRef wideFunction(unsigned Opcode) {
  switch (Opcode) {
  case Instruction::UDiv: return "__udivti3";
  case Instruction::SDiv: return "__divti3";
  case Instruction::URem: return "__umodti3";
  case Instruction::SRem: return "__modti3";
  case Instruction::Mul: return "__multi3";
  default: return "";
  }
}

static Value *callWide(IRBuilder<> &B, BinaryOperator &I) {
  bool Signed = I.getOpcode() == Instruction::SDiv || I.getOpcode() == Instruction::SRem;
  Type *I128 = B.getInt128Ty();
  Value *X = B.CreateIntCast(I.getOperand(0), I128, Signed), *Y = B.CreateIntCast(I.getOperand(1), I128, Signed);
  return B.CreateTrunc(callRuntime(B, wideFunction(I.getOpcode()), I128, {X, Y}), I.getType());
}

// How many low bits of a number can be set.
static unsigned activeBits(Value *V, const DataLayout &Layout) {
  return V->getType()->getIntegerBitWidth() - computeKnownBits(V, Layout).countMinLeadingZeros();
}

// The product of two numbers that fit 64 bits, by 32-bit digits: a third of what the general routine costs, whose four
// halves would travel through memory. Rust's widening products come here, and so do ladders of partial products, in
// which LLVM recognises the wide product they spell out.
static Value *expandNarrowProduct(IRBuilder<> &B, BinaryOperator &I) {
  const DataLayout &Layout = I.getModule()->getDataLayout();
  Value *X = I.getOperand(0), *Y = I.getOperand(1);
  if (activeBits(X, Layout) < activeBits(Y, Layout))
    std::swap(X, Y);
  if (activeBits(X, Layout) > 64)
    return nullptr;
  bool OneDigit = activeBits(Y, Layout) <= 32;
  Type *I64 = B.getInt64Ty(), *I128 = B.getInt128Ty();
  Value *Digit = B.getInt64(0xffffffff);
  X = B.CreateTrunc(X, I64);
  Y = B.CreateTrunc(Y, I64);
  Value *XLow = B.CreateAnd(X, Digit), *XHigh = B.CreateLShr(X, 32);
  Value *YLow = OneDigit ? Y : B.CreateAnd(Y, Digit);
  Value *Cross = B.CreateAdd(B.CreateMul(XHigh, YLow), B.CreateLShr(B.CreateMul(XLow, YLow), 32));
  Value *High = B.CreateLShr(Cross, 32);
  if (!OneDigit) {
    Value *YHigh = B.CreateLShr(Y, 32);
    Value *Other = B.CreateAdd(B.CreateMul(XLow, YHigh), B.CreateAnd(Cross, Digit));
    High = B.CreateAdd(B.CreateAdd(B.CreateMul(XHigh, YHigh), High), B.CreateLShr(Other, 32));
  }
  Value *Low = B.CreateZExt(B.CreateMul(X, Y), I128);
  return B.CreateOr(B.CreateShl(B.CreateZExt(High, I128), 64), Low);
}

// A 128-bit shift by a variable amount, on two halves. A half shifted by 64 less the amount is shifted by one and
// then by the complement, since no single shift may reach 64.
static Value *expandWideShift(IRBuilder<> &B, BinaryOperator &I) {
  Type *I64 = B.getInt64Ty(), *I128 = B.getInt128Ty();
  Value *V = I.getOperand(0), *Amount = B.CreateTrunc(I.getOperand(1), I64);
  Value *Low = B.CreateTrunc(V, I64), *High = B.CreateTrunc(B.CreateLShr(V, 64), I64);
  Value *CrossesHalf = B.CreateICmpNE(B.CreateAnd(Amount, 64), B.getInt64(0));
  Value *Within = B.CreateAnd(Amount, 63), *Complement = B.CreateXor(Within, B.getInt64(63));
  Value *Zero = B.getInt64(0), *NewLow, *NewHigh;
  if (I.getOpcode() == Instruction::Shl) {
    Value *L = B.CreateShl(Low, Within);
    Value *H = B.CreateOr(B.CreateShl(High, Within), B.CreateLShr(B.CreateLShr(Low, 1), Complement));
    NewLow = B.CreateSelect(CrossesHalf, Zero, L);
    NewHigh = B.CreateSelect(CrossesHalf, L, H);
  } else {
    bool Arithmetic = I.getOpcode() == Instruction::AShr;
    Value *H = Arithmetic ? B.CreateAShr(High, Within) : B.CreateLShr(High, Within);
    Value *L = B.CreateOr(B.CreateLShr(Low, Within), B.CreateShl(B.CreateShl(High, 1), Complement));
    NewLow = B.CreateSelect(CrossesHalf, H, L);
    NewHigh = B.CreateSelect(CrossesHalf, Arithmetic ? B.CreateAShr(High, 63) : Zero, H);
  }
  return B.CreateOr(B.CreateShl(B.CreateZExt(NewHigh, I128), 64), B.CreateZExt(NewLow, I128));
}

// A product of up to 256 bits, as rustc emits for the carrying products behind the formatting of u128.
static Value *expandHugeProduct(IRBuilder<> &B, BinaryOperator &I) {
  Type *I128 = B.getInt128Ty(), *I256 = B.getIntNTy(256);
  auto halves = [&](Value *V) {
    V = B.CreateZExt(V, I256);
    return std::make_pair(B.CreateTrunc(V, I128), B.CreateTrunc(B.CreateLShr(V, 128), I128));
  };
  auto [XLow, XHigh] = halves(I.getOperand(0));
  auto [YLow, YHigh] = halves(I.getOperand(1));
  Value *Cross = B.CreateAdd(B.CreateMul(XHigh, YLow), B.CreateMul(XLow, YHigh));
  Value *High = B.CreateAdd(callRuntime(B, "__sbpf_umulhi128", I128, {XLow, YLow}), Cross);
  Value *Low = B.CreateZExt(B.CreateMul(XLow, YLow), I256);
  return B.CreateTrunc(B.CreateOr(B.CreateShl(B.CreateZExt(High, I256), 128), Low), I.getType());
}

Lowering sbpf::lowerInteger(IRBuilder<> &B, BinaryOperator &I) {
  unsigned Bits = I.getType()->getIntegerBitWidth(), Opcode = I.getOpcode();
  if (Bits > 128 && Bits <= 256 && Opcode == Instruction::Mul)
    return Lowering::to(expandHugeProduct(B, I));
  if (Bits > 128)
    return Lowering::none();
  if (Bits == 128 && Opcode == Instruction::Mul)
    if (Value *Product = expandNarrowProduct(B, I))
      return Lowering::to(Product);
  if (Bits > 64 && !wideFunction(Opcode).empty())
    return Lowering::to(callWide(B, I));
  if (Bits == 128 && I.isShift() && !isa<ConstantInt>(I.getOperand(1)))
    return Lowering::to(expandWideShift(B, I));
  if (Bits <= 64 && (Opcode == Instruction::SDiv || Opcode == Instruction::SRem))
    return Lowering::to(expandSignedDivision(B, I));
  return Lowering::none();
}

static Value *makePair(IRBuilder<> &B, Type *T, Value *Result, Value *Overflow) {
  return B.CreateInsertValue(B.CreateInsertValue(PoisonValue::get(T), Result, 0), Overflow, 1);
}

static Value *mulWide(IRBuilder<> &B, CallBase &I, bool Signed) {
  Type *I128 = B.getInt128Ty(), *Flag = B.getInt32Ty();
  AllocaInst *Slot = entrySlot(I.getFunction(), Flag);
  Value *X = B.CreateIntCast(I.getArgOperand(0), I128, Signed), *Y = B.CreateIntCast(I.getArgOperand(1), I128, Signed);
  B.CreateStore(B.getInt32(0), Slot);
  Value *Product = callRuntime(B, Signed ? "__muloti4" : "__sbpf_umuloti4", I128, {X, Y, Slot});
  Value *Overflow = B.CreateICmpNE(B.CreateLoad(Flag, Slot), B.getInt32(0));
  Type *Narrow = I.getArgOperand(0)->getType();
  Value *Result = B.CreateTrunc(Product, Narrow);
  if (Narrow != I128)
    Overflow = B.CreateOr(Overflow, B.CreateICmpNE(B.CreateIntCast(Result, I128, Signed), Product));
  return makePair(B, I.getType(), Result, Overflow);
}

static Value *mulInOneWord(IRBuilder<> &B, CallBase &I, bool Signed) {
  Type *I64 = B.getInt64Ty(), *T = I.getArgOperand(0)->getType();
  Value *X = B.CreateIntCast(I.getArgOperand(0), I64, Signed), *Y = B.CreateIntCast(I.getArgOperand(1), I64, Signed);
  Value *Product = B.CreateMul(X, Y), *Result = B.CreateTrunc(Product, T);
  return makePair(B, I.getType(), Result, B.CreateICmpNE(Product, B.CreateIntCast(Result, I64, Signed)));
}

// Dividing back costs less here than a product of twice the width.
static Value *unsignedOverflow(IRBuilder<> &B, Value *X, Value *Y, Value *Product) {
  Value *Zero = ConstantInt::get(X->getType(), 0), *One = ConstantInt::get(X->getType(), 1);
  Value *Divisor = B.CreateSelect(B.CreateICmpEQ(X, Zero), One, X);
  return B.CreateAnd(B.CreateICmpNE(X, Zero), B.CreateICmpNE(B.CreateUDiv(Product, Divisor), Y));
}

static Value *mulOfWords(IRBuilder<> &B, CallBase &I, bool Signed) {
  Value *X = I.getArgOperand(0), *Y = I.getArgOperand(1), *Product = B.CreateMul(X, Y);
  if (!Signed)
    return makePair(B, I.getType(), Product, unsignedOverflow(B, X, Y, Product));
  SignAndMagnitude SX(B, X), SY(B, Y);
  Value *Magnitude = B.CreateMul(SX.Magnitude, SY.Magnitude);
  // The most negative number has a magnitude one larger than the most positive.
  Value *Most = ConstantInt::get(X->getType(), APInt::getSignedMaxValue(X->getType()->getIntegerBitWidth()));
  Value *Limit = B.CreateSub(Most, B.CreateXor(SX.Sign, SY.Sign));
  Value *Overflow = B.CreateOr(unsignedOverflow(B, SX.Magnitude, SY.Magnitude, Magnitude),
                               B.CreateICmpUGT(Magnitude, Limit));
  return makePair(B, I.getType(), Product, Overflow);
}

Lowering sbpf::lowerMulWithOverflow(IRBuilder<> &B, CallBase &I, bool Signed) {
  Type *T = I.getArgOperand(0)->getType();
  if (!T->isIntegerTy() || T->getIntegerBitWidth() > 128)
    return Lowering::none();
  unsigned Bits = T->getIntegerBitWidth();
  if (Bits > 64)
    return Lowering::to(mulWide(B, I, Signed));
  return Lowering::to(Bits <= 32 ? mulInOneWord(B, I, Signed) : mulOfWords(B, I, Signed));
}
