using System.Globalization;

namespace ECapture.Storage.ClickHouse;

/// <summary>ClickHouse's error codes (system.errors) as <see cref="StoreException"/>s.</summary>
internal static class ClickHouseErrors
{
    public const int UnknownTable = 60;
    public const int UnknownDatabase = 81;

    private const int AuthenticationFailed = 516;
    private const int AccessDenied = 497;
    private const int RequiredPassword = 194;
    private const int WrongPassword = 193;
    private const int UnknownUser = 192;

    // What a later try may find otherwise: limits, memory, space, networks, a server that stops or merges too slowly.
    private static readonly int[] Transient =
        [159, 160, 198, 201, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 394, 439, 473, 999];

    // What is wrong with a value or a row, not with the statement: it cannot be parsed or converted, it is out of range, a constraint or a view throws.
    private static readonly int[] RowFaults = [6, 27, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131, 321, 349, 395, 407, 469, 649];

    /// <summary>The number in "Code: 60. DB::Exception: …"; 0 when there is none.</summary>
    public static int CodeOf(string message)
    {
        const string Prefix = "Code: ";
        int at = message.IndexOf(Prefix, StringComparison.Ordinal);
        if (at < 0)
        {
            return 0;
        }

        ReadOnlySpan<char> rest = message.AsSpan(at + Prefix.Length);
        int end = rest.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? rest : rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int code) ? code : 0;
    }

    /// <summary>The exception of an engine's message.</summary>
    public static StoreException Create(string address, string database, string user, int code, string message)
    {
        string text = Shorten(message);
        return code switch
        {
            AuthenticationFailed or RequiredPassword or WrongPassword or UnknownUser => new ClickHouseException(
                $"{address} refused user '{user}': the user or the password is wrong; set {StoreAddress.PasswordVariable} or ?password-file=", code),
            AccessDenied => new ClickHouseException($"{address}: user '{user}' lacks a right: {text}", code),
            UnknownDatabase => new ClickHouseException(
                $"{address}: there is no database '{database}'; make it with: CREATE DATABASE {database}", code),
            _ => new ClickHouseException($"{address}: {text}", code, Array.IndexOf(Transient, code) >= 0) { IsRowFault = Array.IndexOf(RowFaults, code) >= 0 },
        };
    }

    // One line, without the stack of the engine.
    private static string Shorten(string message)
    {
        string line = message.ReplaceLineEndings(" ").Trim();
        int version = line.IndexOf(" (version ", StringComparison.Ordinal);
        line = version > 0 ? line[..version] : line;
        return line.Length > 600 ? line[..600] + "…" : line;
    }
}
