namespace ECapture.Fuzz;

/// <summary>A parser that takes hostile bytes.</summary>
public interface IFuzzTarget
{
    /// <summary>What the command line calls it.</summary>
    string Name { get; }

    /// <summary>Makes one input from the random numbers and gives it to the parser.</summary>
    /// <returns>Bytes that were fed, and the most that the parser kept of them.</returns>
    /// <exception cref="Exception">Any: the parser broke its promise.</exception>
    (long Fed, long Kept) Run(Random random);
}
