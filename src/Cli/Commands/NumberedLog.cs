using ECapture.Log;

namespace ECapture.Cli.Commands;

/// <summary>Local logs of processes that share a data directory: <c>ROOT/NAME</c>, <c>ROOT/NAME-2</c>, …; each has one writer.</summary>
internal static class NumberedLog
{
    // As many processes of one kind may share a data directory.
    private const int MaxPerName = 16;

    /// <summary>Opens the first that nobody writes to.</summary>
    /// <exception cref="LogException">There is none, or one cannot be opened.</exception>
    internal static T OpenFree<T>(string root, string name, Func<string, T> open)
    {
        for (int number = 1; ; number++)
        {
            string directory = Path.Combine(root, number == 1 ? name : $"{name}-{number}");
            try
            {
                return open(directory);
            }
            catch (LogException e) when (e.IsTransient && number < MaxPerName)
            {
                // Another process of this kind has it.
            }
        }
    }
}
