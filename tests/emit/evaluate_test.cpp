// Tests of emit: integer expressions of lowered code.
#include "emit/evaluate.h"

#include <gtest/gtest.h>

namespace sepconv::emit {
namespace {
using Halide::Expr;
using Halide::Internal::Variable;

TEST(Evaluate, FollowsLetsAndMarksWhatItUsed) {
  Scope scope;
  const Expr x = Variable::make(Halide::Int(32), "x");
  const Expr y = Variable::make(Halide::Int(32), "y");
  scope.names["x"] = {7, {}};
  scope.names["y"] = {std::nullopt, x * 2 + 1};
  scope.names["z"] = {3, {}};
  EXPECT_EQ(evaluate(Halide::min(y, 100) - 5, scope), 10);
  EXPECT_TRUE(scope.names["x"].used);
  EXPECT_FALSE(scope.names["z"].used);
}

TEST(Evaluate, ALetInsideAnExpressionHidesTheOuterName) {
  Scope scope;
  scope.names["x"] = {7, {}};
  const Expr x = Variable::make(Halide::Int(32), "x");
  const Expr inner = Halide::Internal::Let::make("x", x + 1, x * 10);
  EXPECT_EQ(evaluate(inner + x, scope), 87);
  EXPECT_EQ(scope.names["x"].number, 7);
}

TEST(Evaluate, DividesTowardsMinusInfinity) {
  Scope scope;
  scope.names["x"] = {-7, {}};
  const Expr x = Variable::make(Halide::Int(32), "x");
  EXPECT_EQ(evaluate(x / 2, scope), -4);
  EXPECT_EQ(evaluate(x % 4, scope), 1);
}

TEST(Evaluate, SeesThroughLetsInsideExpressions) {
  Scope scope;
  scope.names["x"] = {5, {}};
  const Expr x = Variable::make(Halide::Int(32), "x");
  const Expr inner = Variable::make(Halide::Int(32), "inner");
  EXPECT_EQ(evaluate(Halide::Internal::Let::make("inner", x + 1, inner * inner), scope), 36);
  EXPECT_TRUE(scope.names["x"].used);
  EXPECT_FALSE(scope.names.contains("inner"));
}

TEST(Evaluate, DataIsUnknown) {
  Scope scope;
  EXPECT_EQ(evaluate(Variable::make(Halide::Int(32), "unknown") + 1, scope), std::nullopt);
  EXPECT_EQ(evaluate(Expr(1.0f), scope), std::nullopt);
}

}  // namespace
}  // namespace sepconv::emit
