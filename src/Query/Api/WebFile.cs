namespace ECapture.Query.Api;

/// <summary>A file of the web pages.</summary>
/// <param name="Bytes">Its content.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="ETag">Its tag, with quotes.</param>
/// <param name="IsNamedByContent">True when another content has another name.</param>
internal sealed record WebFile(byte[] Bytes, string ContentType, string ETag, bool IsNamedByContent);
