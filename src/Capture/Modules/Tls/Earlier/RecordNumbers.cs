using System.Security.Cryptography;
using ECapture.Protocols.Tls;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>Finds the number of a captured record: the one under which it verifies.</summary>
/// <param name="stop">Ends the work: nothing is found then.</param>
internal sealed class RecordNumbers(CancellationToken stop)
{
    /// <summary>How many numbers are tried one by one.</summary>
    internal const ulong Few = 4096;

    private readonly byte[] _plaintext = new byte[32 * 1024];

    /// <summary>Tries numbers.</summary>
    /// <returns>Null: the record was not made with these keys, or has another number.</returns>
    internal ulong? Find(RecordKeys keys, RecordSample sample, List<ulong> numbers)
    {
        foreach (ulong number in numbers)
        {
            if (stop.IsCancellationRequested)
            {
                return null;
            }

            if (keys.Open(sample.Record, number, _plaintext) >= 0)
            {
                CryptographicOperations.ZeroMemory(_plaintext);
                return number;
            }
        }

        return null;
    }

    /// <summary>
    /// Numbers by what a connection has counted, nearest first. It counts the next record: <paramref name="later"/> more than the sample, give or take what is under way.
    /// </summary>
    internal static IEnumerable<ulong> Around(ulong counted, ulong later, ulong slack)
    {
        ulong middle = counted > later ? counted - later : 0;
        yield return middle;
        for (ulong d = 1; d <= slack; d++)
        {
            yield return middle + d;
            if (middle >= d)
            {
                yield return middle - d;
            }
        }
    }
}
