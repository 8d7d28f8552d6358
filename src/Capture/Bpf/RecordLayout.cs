using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ECapture.Capture.Bpf;

/// <summary>Checks that a struct here and the struct in a BPF object are the same bytes.</summary>
public static class RecordLayout
{
    /// <summary>Compares size, member names and offsets.</summary>
    /// <exception cref="CaptureException">They differ; names the first difference.</exception>
    public static void Check<T>(BtfTypes types)
        where T : unmanaged
    {
        Type type = typeof(T);
        string name = type.GetCustomAttribute<CRecordAttribute>()?.Name
            ?? throw new InvalidOperationException($"{type.Name} does not say which C struct it mirrors");
        BtfStruct c = types.Find(name)
            ?? throw new CaptureException($"the BPF object has no struct {name}: it is of another build");
        if (c.Size != Unsafe.SizeOf<T>())
        {
            throw new CaptureException($"struct {name} has {c.Size} bytes in the BPF object, {Unsafe.SizeOf<T>()} here: one of them is of another build");
        }

        FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        foreach (FieldInfo field in fields)
        {
            string member = field.GetCustomAttribute<CFieldAttribute>()?.Name ?? SnakeCase(field.Name);
            int offset = (int)Marshal.OffsetOf<T>(field.Name);
            BtfMember? found = c.Members.Cast<BtfMember?>().FirstOrDefault(m => m!.Value.Name == member);
            if (found is null)
            {
                throw new CaptureException($"struct {name} has no member {member} in the BPF object: it is of another build");
            }

            if (found.Value.Offset != offset)
            {
                throw new CaptureException($"{name}.{member} is at {found.Value.Offset} in the BPF object, at {offset} here: one of them is of another build");
            }
        }
    }

    private static string SnakeCase(string name)
    {
        StringBuilder text = new();
        foreach (char c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
