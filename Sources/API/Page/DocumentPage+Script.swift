extension DocumentPage {
    static let script = #"""

        'use strict';
        const $ = (id) => document.getElementById(id);
        const base = location.pathname.replace(/docs\/?$/, '');

        /** An element with properties and children; texts become text nodes, never markup. */
        function el(name, properties, ...children) {
          const made = Object.assign(document.createElement(name), properties);
          made.append(...children.filter((child) => child !== null && child !== undefined));
          return made;
        }

        const slug = (text) => text.replace(/[^A-Za-z0-9]+/g, '-');
        const shapeName = (reference) => reference.split('/').pop();

        /** A shape in a few words, with links to the named ones in it. */
        function shape(schema) {
          if (schema.$ref) return [el('a', { href: '#shape-' + shapeName(schema.$ref) }, shapeName(schema.$ref))];
          if (schema.anyOf) return schema.anyOf.flatMap((one, index) => index ? [' or ', ...shape(one)] : shape(one));
          if (schema.enum) return [schema.enum.map((word) => JSON.stringify(word)).join(' | ')];
          if (schema.type === 'array') return ['list of ', ...shape(schema.items), bounds(schema.minItems, schema.maxItems)];
          if (schema.type === 'object') return schema.properties ? ['object: ', ...names(schema)] : ['object'];
          if (schema.type === 'integer') {
            return ['integer' + bounds(schema.minimum, schema.maximum >= 2 ** 53 - 1 ? undefined : schema.maximum)];
          }
          if (schema.type === 'string') {
            const rule = schema.format || (schema.pattern && '/' + schema.pattern + '/');
            return ['string' + (rule ? ' ' + rule : bounds(schema.minLength, schema.maxLength))];
          }
          return [schema.type || 'anything'];
        }

        function names(schema) {
          const required = new Set(schema.required);
          return Object.keys(schema.properties).flatMap((name, index) => [
            index ? ', ' : '', el('code', {}, name + (required.has(name) ? '' : '?')), ' ', ...shape(schema.properties[name]),
          ]);
        }

        function bounds(low, high) {
          if (low === undefined && high === undefined) return '';
          return ` ${low ?? 0}–${high ?? '…'}`;
        }

        function table(heads, rows) {
          return el('table', {}, el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
            el('tbody', {}, ...rows.map((cells) => el('tr', {}, ...cells.map((cell) => el('td', {}, ...[cell].flat()))))));
        }

        function fields(schema) {
          const required = new Set(schema.required);
          return table(['field', 'shape', ''], Object.entries(schema.properties).map(([name, one]) => [
            el('code', {}, name + (required.has(name) ? '' : '?')), shape(one), one.description || '',
          ]));
        }

        function operation(path, method, one) {
          const inside = el('div', {});
          const found = (path + ' ' + method + ' ' + one.summary + ' ' + one.operationId).toLowerCase();
          const row = el('details', { id: 'route-' + one.operationId },
            el('summary', {}, el('span', { className: 'method ' + method }, method.toUpperCase()),
              el('span', { className: 'path' }, path), el('span', { className: 'quiet' }, one.summary),
              one.security.length ? el('span', { className: 'lock' }, 'token') : null), inside);
          row.dataset.found = found;
          // Filled when opened: a hundred forms at once would make a phone wait.
          row.addEventListener('toggle', () => { if (row.open && !inside.hasChildNodes()) fill(inside, path, method, one); });
          return row;
        }

        function fill(inside, path, method, one) {
          const body = one.requestBody && one.requestBody.content['application/json'].schema;
          if (one.parameters.length) {
            inside.append(el('h3', {}, 'Parameters'), table(['name', 'in', 'shape', ''], one.parameters.map((parameter) => [
              el('code', {}, parameter.name + (parameter.required ? '' : '?')), parameter.in, shape(parameter.schema),
              parameter.description || '',
            ])));
          }
          if (body) inside.append(el('h3', {}, 'Body'), el('p', {}, ...shape(body)));
          inside.append(el('h3', {}, 'Answers'), table(['status', '', 'shape'], Object.entries(one.responses)
            .map(([status, answer]) => [el('code', {}, status), resolve(answer).description, contents(resolve(answer))])));
          inside.append(el('p', { className: 'quiet' },
            `Body up to ${one['x-body-limit-bytes']} bytes, answered within ${one['x-time-limit-seconds']} s.`));
          inside.append(tryForm(path, method, one, body));
        }

        function contents(answer) {
          return Object.entries(answer.content || {}).flatMap(([type, content], index) =>
            [index ? ' or ' : '', ...shape(content.schema), type === 'application/json' ? '' : ' (' + type + ')']);
        }

        function resolve(part) {
          return part.$ref ? part.$ref.split('/').slice(1).reduce((found, key) => found[key], contract) : part;
        }

        /** An example of a shape, to begin a request with: its required fields. */
        function example(schema) {
          if (schema.$ref) return example(resolve(schema));
          if (schema.anyOf) return example(schema.anyOf[0]);
          if (schema.enum) return schema.enum[0];
          if (schema.type === 'array') return [example(schema.items)];
          if (schema.type === 'object') {
            return Object.fromEntries((schema.required || []).map((name) => [name, example(schema.properties[name])]));
          }
          return { integer: schema.minimum || 0, boolean: false, string: '' }[schema.type] ?? null;
        }

        function tryForm(path, method, one, body) {
          const inputs = one.parameters.map((parameter) => ({ parameter, input: el('input', {
            required: parameter.in === 'path', placeholder: parameter.required ? 'required' : '', autocomplete: 'off' }) }));
          const text = body && el('textarea', { spellcheck: false, value: JSON.stringify(example(body), null, 2) });
          const answer = el('div', { role: 'status' });
          const button = el('button', { type: 'submit' }, 'Send');
          const form = el('form', { className: 'try' }, el('h3', {}, 'Try it'),
            el('div', { className: 'fields' }, ...inputs.map((one) => el('label', {}, one.parameter.name, one.input))),
            text ? el('label', {}, 'Body', text) : null, el('div', {}, button), answer);
          form.addEventListener('submit', async (event) => {
            event.preventDefault();
            button.disabled = true;
            answer.replaceChildren(...await send(path, method, inputs, text && text.value));
            button.disabled = false;
          });
          return form;
        }

        async function send(path, method, inputs, body) {
          const query = new URLSearchParams();
          const headers = new Headers();
          let target = path;
          for (const { parameter, input } of inputs) {
            if (input.value === '') continue;
            if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
            if (parameter.in === 'query') query.append(parameter.name, input.value);
            if (parameter.in === 'header') headers.set(parameter.name, input.value);
          }
          if ($('token').value) headers.set('Authorization', 'Bearer ' + $('token').value.trim());
          if (body) headers.set('Content-Type', 'application/json');
          const url = base + target.slice(1) + (query.size ? '?' + query : '');
          const began = performance.now();
          try {
            const response = await fetch(url, { method: method.toUpperCase(), headers, body: body || undefined,
              cache: 'no-store', credentials: 'omit', redirect: 'error' });
            const text = await response.text();
            const elapsed = Math.round(performance.now() - began);
            return [el('p', {}, el('strong', {}, `${response.status} ${response.statusText}`), ` in ${elapsed} ms, `,
              el('code', {}, method.toUpperCase() + ' ' + url)), el('pre', { tabIndex: 0 }, pretty(text))];
          } catch (error) {
            return [el('p', {}, 'No answer: ' + error.message)];
          }
        }

        function pretty(text) {
          try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text || '(no body)'; }
        }

        function show() {
          const parts = new Map();
          for (const [path, operations] of Object.entries(contract.paths)) {
            for (const [method, one] of Object.entries(operations)) {
              const tag = one.tags[0];
              if (!parts.has(tag)) parts.set(tag, []);
              parts.get(tag).push(operation(path, method, one));
            }
          }
          const main = $('main');
          const order = [...parts].sort(([a], [b]) => (a === 'operations') - (b === 'operations'));
          main.replaceChildren(...order.map(([tag, rows]) =>
            el('section', { id: 'part-' + slug(tag) }, el('h2', {}, tag), ...rows)));
          main.append(el('section', { id: 'part-shapes' }, el('h2', {}, 'Shapes'),
            ...Object.entries(contract.components.schemas).map(([name, schema]) => {
              const row = el('details', { id: 'shape-' + name }, el('summary', {}, el('span', { className: 'path' }, name)),
                el('div', {}, schema.properties ? fields(schema) : el('p', {}, ...shape(schema))));
              row.dataset.found = name.toLowerCase();
              return row;
            })));
          $('tags').append(...[...order.map(([tag]) => tag), 'shapes'].map((tag) => el('a', { href: '#part-' + slug(tag) }, tag)));
          $('about').textContent = contract.info.description;
        }

        function find() {
          const words = $('find').value.toLowerCase().split(/\s+/);
          for (const row of document.querySelectorAll('details')) {
            row.hidden = !words.every((word) => row.dataset.found.includes(word));
          }
          for (const part of document.querySelectorAll('section')) part.hidden = !part.querySelector('details:not([hidden])');
        }

        /** Opens what the address names, so that links to routes and shapes lead somewhere. */
        function reveal() {
          const target = $(decodeURIComponent(location.hash.slice(1)));
          if (target && target.tagName === 'DETAILS') {
            target.open = true;
            target.scrollIntoView();
          }
        }

        let contract;
        $('bar').addEventListener('submit', (event) => event.preventDefault());
        $('find').addEventListener('input', find);
        addEventListener('hashchange', reveal);
        fetch(base + 'openapi.json').then((response) => response.json()).then((found) => {
          contract = found;
          show();
          reveal();
        }).catch((error) => { $('state').textContent = 'The document could not be loaded: ' + error.message; });

        """#
}
