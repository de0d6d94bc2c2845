// Reads messages with mailparser: one in base64 on each line in, what a person would see of it as JSON on each line out.
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { simpleParser } from "mailparser";

const addresses = (field) =>
  [field ?? []].flat().flatMap((each) => each.value).flatMap((box) => box.group ?? [box]).map((box) => box.address ?? "");

for await (const line of createInterface({ input: process.stdin })) {
  const mail = await simpleParser(Buffer.from(line, "base64"), { skipImageLinks: true, skipTextToHtml: true, skipHtmlToText: true });
  console.log(
    JSON.stringify({
      from: addresses(mail.from),
      replyTo: addresses(mail.replyTo),
      to: addresses(mail.to),
      cc: addresses(mail.cc),
      subject: mail.subject ?? "",
      inReplyTo: mail.inReplyTo ?? "",
      text: mail.text ?? "",
      html: mail.html || "",
      attachments: mail.attachments.map((each) => [
        each.contentType, each.filename ?? "", each.cid ?? "", createHash("sha256").update(each.content).digest("hex"),
      ]),
    }),
  );
}
