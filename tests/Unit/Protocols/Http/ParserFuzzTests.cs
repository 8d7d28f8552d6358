using ECapture.Fuzz;

namespace ECapture.Tests.Unit.Protocols.Http;

/// <summary>A short run of tests/Fuzz with fixed seeds; longer ones by <c>dotnet run --project tests/Fuzz -- --seed N --count N</c>.</summary>
public sealed class ParserFuzzTests
{
    [Theory]
    [InlineData("http")]
    [InlineData("http-gaps")]
    [InlineData("http-cut")]
    [InlineData("hpack")]
    [InlineData("noise")]
    [InlineData("client-hello")]
    [InlineData("postgres")]
    [InlineData("sql")]
    [InlineData("redactor")]
    public void Run_SeededInputs_KeepEveryPromise(string target)
    {
        FuzzResult result = Fuzzer.Run(FuzzTargets.All.Single(t => t.Name == target), 1, 400);
        Assert.Null(result.Failure);
        Assert.Equal(400, result.Inputs);
    }

    [Fact]
    public void Run_TargetThatThrows_IsAFinding()
    {
        FuzzResult result = Fuzzer.Run(new Broken(), 1, 400);
        Assert.Contains("--seed 3", result.Failure, StringComparison.Ordinal);
        Assert.Equal(3, result.Inputs);
    }

    private sealed class Broken : IFuzzTarget
    {
        private int _runs;

        public string Name => "broken";

        public (long Fed, long Kept) Run(Random random) => ++_runs < 3 ? (1, 0) : throw new InvalidOperationException("the third input");
    }
}
