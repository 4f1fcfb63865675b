// Floating point operations of sbpf-libcalls: every one is a call of compiler-builtins.
#include "Lowering.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace sbpf;

static bool isFloat(Type *T) { return T->isFloatTy() || T->isDoubleTy(); }

// The parts of library names that stand for types.
static const char *floatName(Type *T) { return T->isFloatTy() ? "sf" : "df"; }
static const char *integerName(unsigned Bits) { return Bits == 32 ? "si" : Bits == 64 ? "di" : "ti"; }

static Lowering lowerArithmetic(IRBuilder<> &B, BinaryOperator &I) {
  const char *Name = nullptr;
  switch (I.getOpcode()) {
  case Instruction::FAdd: Name = "__add"; break;
  case Instruction::FSub: Name = "__sub"; break;
  case Instruction::FMul: Name = "__mul"; break;
  case Instruction::FDiv: Name = "__div"; break;
  default: return Lowering::none();
  }
  Type *T = I.getType();
  return Lowering::to(callRuntime(B, Twine(Name) + floatName(T) + "3", T, {I.getOperand(0), I.getOperand(1)}));
}

static Value *negate(IRBuilder<> &B, UnaryOperator &I) {
  Type *T = I.getType(), *Bits = B.getIntNTy(T->getPrimitiveSizeInBits());
  Constant *Sign = ConstantInt::get(Bits, APInt::getSignMask(Bits->getIntegerBitWidth()));
  return B.CreateBitCast(B.CreateXor(B.CreateBitCast(I.getOperand(0), Bits), Sign), T);
}

static Value *compareOrdered(IRBuilder<> &B, CmpInst::Predicate P, function_ref<Value *(const char *)> Call) {
  Value *Zero = B.getInt32(0);
  switch (P) {
  case CmpInst::FCMP_OEQ: case CmpInst::FCMP_UEQ: return B.CreateICmpEQ(Call("eq"), Zero);
  case CmpInst::FCMP_ONE: case CmpInst::FCMP_UNE: return B.CreateICmpNE(Call("ne"), Zero);
  case CmpInst::FCMP_OGT: case CmpInst::FCMP_UGT: return B.CreateICmpSGT(Call("gt"), Zero);
  case CmpInst::FCMP_OGE: case CmpInst::FCMP_UGE: return B.CreateICmpSGE(Call("ge"), Zero);
  case CmpInst::FCMP_OLT: case CmpInst::FCMP_ULT: return B.CreateICmpSLT(Call("lt"), Zero);
  case CmpInst::FCMP_OLE: case CmpInst::FCMP_ULE: return B.CreateICmpSLE(Call("le"), Zero);
  default: report_fatal_error("sbpf-libcalls: unexpected float predicate");
  }
}

static Value *compare(IRBuilder<> &B, FCmpInst &I) {
  Type *T = I.getOperand(0)->getType();
  auto Call = [&](const char *Op) {
    return callRuntime(B, Twine("__") + Op + floatName(T) + "2", B.getInt32Ty(), {I.getOperand(0), I.getOperand(1)});
  };
  CmpInst::Predicate P = I.getPredicate();
  if (P == CmpInst::FCMP_FALSE)
    return B.getFalse();
  if (P == CmpInst::FCMP_TRUE)
    return B.getTrue();
  Value *Unordered = B.CreateICmpNE(Call("unord"), B.getInt32(0));
  if (P == CmpInst::FCMP_UNO)
    return Unordered;
  if (P == CmpInst::FCMP_ORD)
    return B.CreateNot(Unordered);
  Value *Ordered = compareOrdered(B, P, Call);
  return CmpInst::isUnordered(P) ? B.CreateOr(Ordered, Unordered) : B.CreateAnd(Ordered, B.CreateNot(Unordered));
}

// By the C convention that compiler-builtins has on this target, 128-bit integers travel through memory both ways.
static AllocaInst *wideSlot(IRBuilder<> &B) {
  AllocaInst *Slot = entrySlot(B.GetInsertBlock()->getParent(), B.getInt128Ty());
  Slot->setAlignment(Align(16));
  return Slot;
}

static Value *fromInteger(IRBuilder<> &B, CastInst &I, bool Signed) {
  unsigned Bits = libraryWidth(I.getSrcTy()->getIntegerBitWidth());
  Value *V = B.CreateIntCast(I.getOperand(0), B.getIntNTy(Bits), Signed);
  std::string Name = (Twine(Signed ? "__float" : "__floatun") + integerName(Bits) + floatName(I.getType())).str();
  if (Bits == 128) {
    AllocaInst *Slot = wideSlot(B);
    B.CreateStore(V, Slot);
    V = Slot;
  }
  return callRuntime(B, Name, I.getType(), {V});
}

// The library's conversions saturate at their own width and map what is not a number to zero.
static Value *toLibraryInteger(IRBuilder<> &B, Value *From, unsigned Bits, bool Signed) {
  std::string Name = (Twine(Signed ? "__fix" : "__fixuns") + floatName(From->getType()) + integerName(Bits)).str();
  if (Bits < 128)
    return callRuntime(B, Name, B.getIntNTy(Bits), {From});
  AllocaInst *Slot = wideSlot(B);
  callRuntime(B, Name, B.getVoidTy(), {Slot, From});
  return B.CreateLoad(B.getInt128Ty(), Slot);
}

static Lowering lowerCast(IRBuilder<> &B, CastInst &I) {
  Value *From = I.getOperand(0);
  switch (I.getOpcode()) {
  case Instruction::SIToFP: return Lowering::to(fromInteger(B, I, true));
  case Instruction::UIToFP: return Lowering::to(fromInteger(B, I, false));
  case Instruction::FPToSI:
  case Instruction::FPToUI: {
    unsigned Bits = libraryWidth(I.getType()->getIntegerBitWidth());
    Value *V = toLibraryInteger(B, From, Bits, I.getOpcode() == Instruction::FPToSI);
    return Lowering::to(B.CreateTrunc(V, I.getType()));
  }
  case Instruction::FPExt: return Lowering::to(callRuntime(B, "__extendsfdf2", I.getType(), {From}));
  case Instruction::FPTrunc: return Lowering::to(callRuntime(B, "__truncdfsf2", I.getType(), {From}));
  default: return Lowering::none();
  }
}

Lowering sbpf::lowerSaturatingConversion(IRBuilder<> &B, Value *From, Type *To, bool Signed) {
  unsigned Bits = To->getIntegerBitWidth(), Wide = libraryWidth(Bits);
  Value *V = toLibraryInteger(B, From, Wide, Signed);
  if (Bits == Wide)
    return Lowering::to(V);
  auto limit = [&](const APInt &Most) { return ConstantInt::get(V->getType(), Signed ? Most.sext(Wide) : Most.zext(Wide)); };
  Value *Most = limit(Signed ? APInt::getSignedMaxValue(Bits) : APInt::getMaxValue(Bits));
  V = B.CreateSelect(Signed ? B.CreateICmpSGT(V, Most) : B.CreateICmpUGT(V, Most), Most, V);
  if (Signed) {
    Value *Least = limit(APInt::getSignedMinValue(Bits));
    V = B.CreateSelect(B.CreateICmpSLT(V, Least), Least, V);
  }
  return Lowering::to(B.CreateTrunc(V, To));
}

Lowering sbpf::lowerFloatExtreme(IRBuilder<> &B, Value *X, Value *Y, bool Largest) {
  if (!isFloat(X->getType()))
    return Lowering::none();
  Value *TakesX = Largest ? B.CreateFCmpOGT(X, Y) : B.CreateFCmpOLT(X, Y);
  // What is not a number loses against a number: X loses every comparison, Y has to be asked.
  return Lowering::to(B.CreateSelect(B.CreateOr(TakesX, B.CreateFCmpUNO(Y, Y)), X, Y));
}

Lowering sbpf::lowerFloat(IRBuilder<> &B, Instruction &I) {
  if (auto *Op = dyn_cast<BinaryOperator>(&I); Op && isFloat(I.getType()))
    return lowerArithmetic(B, *Op);
  if (auto *Op = dyn_cast<UnaryOperator>(&I); Op && Op->getOpcode() == Instruction::FNeg && isFloat(I.getType()))
    return Lowering::to(negate(B, *Op));
  if (auto *Comparison = dyn_cast<FCmpInst>(&I); Comparison && isFloat(Comparison->getOperand(0)->getType()))
    return Lowering::to(compare(B, *Comparison));
  if (auto *Cast = dyn_cast<CastInst>(&I))
    return lowerCast(B, *Cast);
  return Lowering::none();
}
