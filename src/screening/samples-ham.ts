/** Ordinary mail that screening lets pass: business, newsletters, receipts, replies, in many languages. */
import { zipSync } from "fflate";
import type { Sample } from "./sample-mail.ts";

const zip = (names: string[]) =>
  Buffer.from(zipSync(Object.fromEntries(names.map((name) => [name, new Uint8Array([1, 2, 3])]))));

const newsletter = (body: string, host: string) => `<!DOCTYPE html><html><head><title>News</title>
<style>.preheader{display:none} @media only screen{.wide{display:none}} a{color:#06c}</style></head>
<body bgcolor="#ffffff"><!--[if mso]><table><tr><td><![endif]-->
<div style="display:none;max-height:0;overflow:hidden">This week: what is new &zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;</div>
<table width="600" bgcolor="#ffffff"><tr><td style="color:#333333;font-size:16px">${body}
<p><a href="https://${host}/read" style="background-color:#0055aa;color:#ffffff">Read more</a></p>
<p style="font-size:11px;color:#999999">You get this because you subscribed.
<a href="https://${host}/unsubscribe">Unsubscribe</a></p></td></tr></table>
<img src="https://${host}/open.gif" width="1" height="1" alt=""></body></html>`;

/** Each must stay below review. */
export const ham: Sample[] = [
  {
    name: "a question about a quote",
    subject: "Quote 4711",
    text: "Hi,\n\ncould you send us a quote for 40 chairs by Friday? We would need them in March.\n\nBest\nMara",
  },
  {
    name: "a reply with quotation",
    subject: "Re: Quote 4711",
    correspondent: true,
    text: "Thanks, the price is fine. Please go ahead.",
    quoted:
      "On Monday, Agent wrote:\n> Here is the quote you asked for.\n> Let us know whether we should proceed.",
  },
  {
    name: "please ignore my previous mail",
    subject: "Re: meeting",
    text: "Please ignore my previous email, I sent the wrong file. The correct one is attached.",
    attachments: [{ filename: "agenda.pdf", content_type: "application/pdf" }],
  },
  {
    name: "instructions in the ordinary sense",
    subject: "Assembly",
    text: "Please follow the instructions in the manual, and disregard the note on page 4. It belongs to an older model.",
  },
  {
    name: "a support ticket with System:",
    from: "tom@brightlabs.co.uk",
    subject: "Printer fails",
    text: "Printer: LX200\nSystem: Windows 11\nUser: Tom\nThe driver crashes when I print more than ten pages. What should I try next?",
  },
  {
    name: "an engineer on AI",
    from: "dev@brightlabs.co.uk",
    subject: "Our roadmap",
    text: "We plan to ship an AI assistant next quarter. It will summarise tickets for the support team. Do you offer an API we could use?",
  },
  {
    name: "AI newsletter",
    from: "news@theweekly.ai",
    subject: "This week in AI",
    html: newsletter(
      "<p>Researchers describe a new attack on language models, and how a system prompt is protected. Three startups raised money. A model writes better code than before.</p>",
      "theweekly.ai",
    ),
  },
  {
    name: "password reset, own domain",
    from: "no-reply@github.com",
    subject: "[GitHub] Please reset your password",
    html: '<p>We heard that you lost your password. Use this link to reset your password:</p><a href="https://github.com/password_reset/abc">Reset your password</a><p>It expires in 24 hours.</p>',
  },
  {
    name: "verify your address after sign-up",
    from: "hello@toolbox.dev",
    subject: "Confirm your email address",
    html: '<p>Welcome! Please confirm your email address.</p><a href="https://app.toolbox.dev/confirm?token=1">Confirm email address</a>',
  },
  {
    name: "verify through a mailing service",
    from: "hello@toolbox.dev",
    subject: "Verify your account",
    html: '<p>Please verify your account to get started.</p><a href="https://u123.ct.sendgrid.net/ls/click?upn=abc">Verify account</a>',
  },
  {
    name: "receipt",
    from: "receipts@stripe.com",
    from_name: "Stripe",
    subject: "Your receipt from Acme #1234-5678",
    html: newsletter(
      "<h1>Receipt</h1><p>Amount paid €49.00 · Date paid March 2, 2026 · Payment method Visa 4242</p>",
      "stripe.com",
    ),
  },
  {
    name: "order confirmation",
    from: "auto-confirm@amazon.de",
    from_name: "Amazon.de",
    subject: "Ihre Bestellung",
    html: newsletter(
      "<p>Vielen Dank für Ihre Bestellung. Die Sendung kommt am Dienstag.</p>",
      "www.amazon.de",
    ),
  },
  {
    name: "parcel notice",
    from: "noreply@dhl.de",
    from_name: "DHL Paket",
    subject: "Ihr Paket kommt heute",
    html: newsletter(
      "<p>Ihr DHL Paket wird heute zwischen 10 und 12 Uhr zugestellt.</p>",
      "www.dhl.de",
    ),
  },
  {
    name: "shop newsletter",
    from: "news@moebel-kraus.de",
    subject: "Frühlingsangebote: bis zu 30 % auf Stühle",
    html: newsletter("<p>Nur diese Woche: 30 % auf alle Stühle.</p>", "news.moebel-kraus.de"),
  },
  {
    name: "newsletter whose links count clicks",
    from: "news@moebel-kraus.de",
    subject: "Neues",
    html: newsletter(
      '<p>Besuchen Sie <a href="https://click.mailer.example.net/x">www.moebel-kraus.de</a></p>',
      "news.moebel-kraus.de",
    ),
  },
  {
    name: "invoice by mail",
    from: "billing@contoso-supplies.com",
    subject: "Invoice 2026-118",
    correspondent: true,
    text: "Dear customer,\nplease find attached invoice 2026-118 over EUR 1,250.00, payable within 14 days to DE89 3704 0044 0532 0130 00.",
    attachments: [{ filename: "invoice-2026-118.pdf", content_type: "application/pdf" }],
  },
  {
    name: "Rechnung",
    from: "buchhaltung@kraus-gmbh.de",
    subject: "Rechnung 118",
    text: "Sehr geehrte Damen und Herren,\nanbei die Rechnung 118. Bitte überweisen Sie den Betrag innerhalb von 14 Tagen auf unser Konto.\nMit freundlichen Grüßen",
    attachments: [{ filename: "Rechnung.pdf", content_type: "application/pdf" }],
  },
  {
    name: "reminder of payment",
    from: "buchhaltung@kraus-gmbh.de",
    subject: "Zahlungserinnerung",
    text: "Sicher haben Sie es nur übersehen: Rechnung 118 ist seit zehn Tagen fällig. Bitte zahlen Sie umgehend.",
  },
  {
    name: "French business",
    from: "claire@dupont-conseil.fr",
    subject: "Réunion de jeudi",
    text: "Bonjour,\nje vous confirme notre réunion de jeudi à 10 h. Pourriez-vous m'envoyer les consignes pour l'accès au bâtiment ?\nBien cordialement",
  },
  {
    name: "Spanish business",
    from: "ana@talleres-vega.es",
    subject: "Presupuesto",
    text: "Buenos días:\nadjunto el presupuesto. Si tiene alguna duda, escríbame a esta dirección.\nUn saludo",
    attachments: [
      {
        filename: "presupuesto.xlsx",
        content_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        content: zip([
          "[Content_Types].xml",
          "xl/workbook.xml",
          "xl/printerSettings/printerSettings1.bin",
        ]),
      },
    ],
  },
  {
    name: "Italian business",
    from: "luca@rossi-arredi.it",
    subject: "Ordine 55",
    text: "Buongiorno, confermiamo l'ordine 55. La consegna è prevista per il 12 marzo. Cordiali saluti",
  },
  {
    name: "Portuguese business",
    from: "joao@casaverde.pt",
    subject: "Encomenda",
    text: "Bom dia, a encomenda chegou em boas condições. Obrigado pela rapidez.",
  },
  {
    name: "Dutch business",
    from: "sanne@devries.nl",
    subject: "Afspraak",
    text: "Goedemiddag, kunnen we de afspraak verzetten naar woensdag? Met vriendelijke groet, Sanne",
  },
  {
    name: "Polish business",
    from: "anna@zielony.pl",
    subject: "Zamówienie",
    text: "Dzień dobry, proszę o potwierdzenie terminu dostawy. Pozdrawiam, Anna",
  },
  {
    name: "Russian business",
    from: "olga@sever-trade.ru",
    subject: "Договор",
    text: "Здравствуйте! Направляю договор на подпись. Пожалуйста, проверьте реквизиты на второй странице. С уважением, Ольга",
    attachments: [{ filename: "договор.pdf", content_type: "application/pdf" }],
  },
  {
    name: "Chinese business",
    from: "li@shenzhen-parts.cn",
    subject: "报价单",
    text: "您好,附件是我们最新的报价单,如有问题请随时联系。谢谢!",
  },
  {
    name: "Japanese business",
    from: "tanaka@yamada-kogyo.co.jp",
    subject: "お見積りの件",
    text: "お世話になっております。見積書をお送りいたします。ご確認のほどよろしくお願いいたします。田中",
  },
  {
    name: "Korean business",
    from: "kim@hanseo.co.kr",
    subject: "납품 일정",
    text: "안녕하세요. 납품 일정을 다음 주 화요일로 변경할 수 있을까요? 감사합니다.",
  },
  {
    name: "Turkish business",
    from: "elif@yildiz.com.tr",
    subject: "Teklif",
    text: "Merhaba, teklifinizi aldık, teşekkür ederiz. Cuma günü dönüş yapacağız.",
  },
  {
    name: "Arabic business",
    from: "samir@alnoor.ae",
    subject: "عرض الأسعار",
    text: "السلام عليكم، نرجو إرسال عرض الأسعار لعدد خمسين كرسيا. مع التحية",
  },
  {
    name: "Persian with joiners",
    from: "info@parstech.ir",
    subject: "سفارش",
    text: "سلام، می‌خواهم سفارش را تغییر دهم. نامه‌های قبلی را می‌فرستم.",
  },
  {
    name: "Greek business",
    from: "maria@thalassa.gr",
    subject: "Παραγγελία",
    text: "Καλημέρα σας, θα θέλαμε να επιβεβαιώσετε την παραγγελία μας. Ευχαριστώ",
  },
  { name: "a flag and emoji", subject: "Off to Scotland 🏴󠁧󠁢󠁳󠁣󠁴󠁿", text: "Back on Monday! 👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁳󠁣󠁴󠁿" },
  {
    name: "an out-of-office",
    subject: "Automatic reply: Quote",
    text: "I am out of the office until 9 March. For urgent matters please contact team@lindqvist-partner.se.",
    mail: { date: "2026-03-02T10:00:00.000Z" },
  },
  {
    name: "a delivery report",
    from: "mailer-daemon@lindqvist-partner.se",
    subject: "Undelivered Mail Returned to Sender",
    auth: "none",
    text: "This is the mail system at host mx1. Your message could not be delivered to one or more recipients: user unknown.",
  },
  {
    name: "calendar invitation",
    subject: "Invitation: Planning",
    text: "You have been invited. When: Tue 10:00. Where: https://meet.google.com/abc-defg-hij",
    attachments: [
      {
        filename: "invite.ics",
        content_type: "text/calendar",
        content: "BEGIN:VCALENDAR\r\nEND:VCALENDAR",
      },
    ],
  },
  {
    name: "a private person at a free host",
    from: "jo@gmail.com",
    from_name: "Jo Meyer",
    subject: "Table for four?",
    text: "Hello, do you have a table for four on Saturday evening? Thanks, Jo",
  },
  {
    name: "a small sender without DMARC",
    from: "werkstatt@huber-rad.at",
    auth: "none",
    subject: "Ihr Rad ist fertig",
    text: "Guten Tag, Ihr Rad ist fertig und kann abgeholt werden. Freundliche Grüße, Huber",
  },
  {
    name: "a mailing list breaking DMARC",
    from: "kai@hacklab.org",
    auth: "fail",
    subject: "[list] Release 2.4",
    text: "I tagged 2.4 today. The changelog is in the repository. Please test.",
  },
  {
    name: "a zip of pictures",
    subject: "Photos",
    text: "The photos of the hall, as promised.",
    attachments: [
      {
        filename: "photos.zip",
        content_type: "application/zip",
        content: zip(["hall-1.jpg", "hall-2.jpg"]),
      },
    ],
  },
  {
    name: "a logo in the HTML",
    subject: "Angebot",
    html: '<p>Anbei das Angebot.</p><img src="cid:logo"><p>www.lindqvist-partner.se</p>',
    attachments: [
      {
        filename: "logo.svg",
        content_type: "image/svg+xml",
        content: "<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>",
        inline: true,
      },
    ],
  },
  {
    name: "an IDN of one script",
    from: "info@müller-söhne.de",
    subject: "Anfrage",
    text: "Wir suchen einen Lieferanten für Beschläge. Bitte um Rückruf.",
  },
  {
    name: "link text equal to its target",
    subject: "Docs",
    html: 'See <a href="https://docs.lindqvist-partner.se/a">docs.lindqvist-partner.se</a> and <a href="https://www.lindqvist-partner.se">our site</a>.',
  },
  {
    name: "a link rewritten by a mail filter",
    subject: "Docs",
    html: '<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org">www.example.org</a>',
  },
  {
    name: "code review by a bot",
    from: "notifications@github.com",
    from_name: "octo-bot",
    subject: "[acme/api] fix send_email retry (PR #12)",
    text: "@kai approved this pull request.\n\nThe function now returns early when the queue is empty.\n\nhttps://github.com/acme/api/pull/12",
  },
  {
    name: "job application",
    from: "sofia.berg@outlook.com",
    from_name: "Sofia Berg",
    subject: "Application as accountant",
    text: "Dear Sir or Madam, please find attached my CV and cover letter. I would be glad to hear from you.",
    attachments: [
      {
        filename: "cv.docx",
        content_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        content: zip(["[Content_Types].xml", "word/document.xml"]),
      },
    ],
  },
  {
    name: "bank statement notice",
    from: "service@sparkasse-koeln.de",
    subject: "Neue Nachricht im Postfach",
    text: "Guten Tag, im Elektronischen Postfach liegt eine neue Nachricht für Sie. Bitte melden Sie sich wie gewohnt im Online-Banking an.",
  },
  {
    name: "a company's statement on prompt injection",
    from: "security@brightlabs.co.uk",
    subject: "Security training",
    text: "Next week's training covers phishing, weak passwords and prompt injection. Attendance is required for everyone.",
  },
  {
    name: "a reply that carries our signature address",
    subject: "Re: order",
    correspondent: true,
    text: "Perfect, thank you. From now on we will order online.",
    quoted: "> Nordwind Agent <agent@nordwind.io> wrote:\n> Your order is on its way.",
  },
];
